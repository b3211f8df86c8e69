"""NVML's stub: which boards are metered, who may be on them, and what a board that fails says."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minjoule.meter import MeterFault, Reason
from minjoule.window import counts
from tests.contract.conftest import SteadyBox, boards, nvml_library
from tests.fakes.nvml.library import Boards
from tests.fakes.simulated import MS
from worker.meters import nvml
from worker.meters.nvml import NvmlMeter, in_a_box
from worker.meters.timing import Timing

__all__ = ["boards", "nvml_library"]
BOX = SteadyBox()
TIMING = Timing(20 * MS, MS)


def test_its_period_is_probed(boards: Boards) -> None:
    boards.tick_ns = 50 * MS
    boards.write()
    (channel,) = NvmlMeter().channels
    assert channel.update_ns == pytest.approx(50 * MS, rel=0.1)
    assert channel.jitter_ns <= 25 * MS  # of a machine that may be busy


def test_a_board_is_known_by_uuid_limit_and_driver(boards: Boards) -> None:
    boards.gpus = 2
    boards.write()
    meter = NvmlMeter(("GPU-stub-1",), TIMING)
    assert meter.facts.device == "driver stub-1: Stub GPU GPU-stub-1"
    assert [channel.most_uw for channel in meter.channels] == [800_000_000]


def test_a_board_that_isnt_there_is_refused(boards: Boards) -> None:
    with pytest.raises(MeterFault, match="no GPU has the UUID GPU-else; there are: GPU-stub-0"):
        NvmlMeter(("GPU-else",), TIMING)


REFUSED: dict[str, tuple[dict[str, int], Reason, str]] = {
    "a sliced board": ({"mig": 1}, Reason.ABSENT, "MIG mode"),
    "a board before Volta": ({"unsupported": 1}, Reason.ABSENT, "Volta and later"),
    "no board": ({"gpus": 0}, Reason.ABSENT, "knows no GPU"),
    "a frozen counter": ({"frozen_at_ns": 1}, Reason.FROZEN, "ticked 0 times"),
}


@pytest.mark.parametrize(("state", "reason", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cant_be_metered_is_refused(boards: Boards, state: dict[str, int], reason: Reason, said: str) -> None:
    for name, value in state.items():
        setattr(boards, name, value)
    boards.write()
    with pytest.raises(MeterFault, match=said) as caught:
        NvmlMeter()
    assert caught.value.reason is reason


def test_a_driver_that_was_loaded_again_is_a_reset(boards: Boards) -> None:
    boards.base_mj = 10**15
    boards.write()
    meter = NvmlMeter(timing=TIMING)
    raws = [meter.read(BOX)[0].raw]
    boards.base_mj = 0
    boards.write()
    raws.append(meter.read(BOX)[0].raw)
    with pytest.raises(MeterFault, match="started anew") as caught:
        counts(meter.channels[0], raws)
    assert caught.value.reason is Reason.RESET


def test_a_strangers_process_keeps_a_run_from_starting_and_voids_one_under_way(boards: Boards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "LOOK_ROUND_S", 0.0)
    meter = NvmlMeter(timing=TIMING)
    meter.admit()
    boards.pids = (os.getpid(),)
    boards.write()
    for look in (meter.admit, lambda: meter.read(BOX)):
        with pytest.raises(MeterFault, match=f"somebody else's process {os.getpid()} is on Stub GPU") as caught:
            look()
        assert caught.value.reason is Reason.FOREIGN_PROCESS


def test_our_own_box_may_be_on_the_board_while_it_runs_and_not_before_or_after(boards: Boards) -> None:
    boards.pids = (1234,)
    boards.write()
    meter = NvmlMeter(timing=TIMING, ours=lambda pid: pid == 1234)
    meter.read(BOX)
    with pytest.raises(MeterFault, match="a box's process 1234"):
        meter.admit()


@pytest.mark.parametrize(
    ("cgroup", "ours"),
    [
        ("0::/minjoule/h1/abc/0123\n", True),
        ("4:pids:/minjoule/h1/abc/0123\n", True),
        ("0::/minjoule.slice/minjoule-h1.slice/minjoule-h1-abc.slice/docker-1.scope\n", True),
        ("0::/user.slice/minjouler\n", False),
        ("0::/system.slice/docker.service\n", False),
    ],
)
def test_a_process_is_ours_by_its_control_group(tmp_path: Path, cgroup: str, ours: bool) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text(cgroup)
    assert in_a_box(7, tmp_path) is ours
    assert not in_a_box(8, tmp_path)


def test_the_stub_is_loaded_by_nvidias_own_bindings_through_the_librarys_path(nvml_library: Path, boards: Boards) -> None:
    """As a worker's process would: nothing but LD_LIBRARY_PATH tells it where NVML is."""
    line = "import pynvml; pynvml.nvmlInit(); print(pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByIndex(0)))"
    environment = os.environ | {"LD_LIBRARY_PATH": str(nvml_library.parent), "STUB_NVML": str(boards.script)}

    def ask() -> int:
        return int(subprocess.run([sys.executable, "-c", line], env=environment, capture_output=True, check=True).stdout)

    first = ask()
    time.sleep(0.05)
    assert ask() > first
