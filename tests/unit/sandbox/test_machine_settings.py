"""What an operator chooses for a host: another runtime, a GPU. Settings alone: no such runtime and no GPU is asked here."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from minjoule.box import BoxFault, BoxStuck
from sandbox import limits
from sandbox.limits import Machine
from tests.unit.sandbox.test_box_settings import SPEC
from worker.bench import scrub

BOARD = "GPU-5c1f4e0a-1b2c-4d3e-8f90-0123456789ab"


def config(machine: Machine) -> dict[str, object]:
    return limits.host_config(SPEC, Path("/m"), "/p", machine)


def test_a_plain_host_says_nothing_of_runtimes_or_devices() -> None:
    assert not {"runtime", "device_requests"} & set(config(Machine()))


def test_gvisor_gets_room_for_its_own_threads_and_keeps_every_other_limit() -> None:
    plain, contained = config(Machine()), config(Machine(runtime="runsc"))
    assert contained["runtime"] == "runsc"
    assert contained["pids_limit"] == 2048
    assert {name for name in plain if contained[name] != plain[name]} == {"pids_limit"}


def test_a_track_that_allows_more_processes_than_that_keeps_them() -> None:
    spec = replace(SPEC, limits=replace(SPEC.limits, pids=4000))
    assert limits.host_config(spec, Path("/m"), "/p", Machine(runtime="runsc"))["pids_limit"] == 4001


def test_a_gpu_is_one_whole_board_by_its_uuid() -> None:
    (request,) = config(Machine(gpu=BOARD))["device_requests"]  # type: ignore[misc, index]
    assert (request["Driver"], request["DeviceIDs"]) == ("cdi", [f"nvidia.com/gpu={BOARD}"])
    assert "device_cgroup_rules" not in config(Machine(gpu=BOARD))


@pytest.mark.parametrize("gpu", ["0", "all", "MIG-5c1f4e0a-1b2c-4d3e-8f90-0123456789ab", f"{BOARD}:0", f"{BOARD}\n", "GPU-x"])
def test_a_slice_an_index_or_all_of_them_is_refused(gpu: str) -> None:
    with pytest.raises(BoxFault, match="no whole GPU"):
        config(Machine(gpu=gpu))


def test_a_board_that_cannot_be_scrubbed_is_not_handed_on() -> None:
    scrub([sys.executable, "-c", ""])
    with pytest.raises(BoxStuck, match="couldn't be scrubbed"):
        scrub(shlex.split(f"{sys.executable} -c 'raise SystemExit(1)'"))
    with pytest.raises(BoxStuck, match="couldn't be scrubbed"):
        scrub(["/no/such/program"])
