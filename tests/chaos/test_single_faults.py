"""One fault at a time, where its place matters: a worker killed in each phase, full disks, PostgreSQL killed."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import faults
from tests.chaos.entries import entry
from tests.chaos.following import end_of, reach, run_of, sent, settles, tries_of
from tests.chaos.platform import Suffering, leftovers, suffering
from tests.conftest import lacking

pytestmark = [pytest.mark.chaos, pytest.mark.redis, pytest.mark.timeout(300)]
FULL_MB = 160


@pytest.fixture(params=["sqlite", "postgres"])
def platform(request: pytest.FixtureRequest) -> Iterator[Suffering]:
    with suffering(kind=request.param, names=("host-a",)) as platform:
        yield platform


@pytest.fixture
def alone() -> Iterator[Suffering]:
    with suffering(names=("host-a",)) as platform:
        yield platform


@pytest.mark.parametrize(("phase", "kind"), [("prepare", "long"), ("train", "long"), ("score", "long to score"), ("report", "long")])
def test_a_worker_killed_in_a_phase_leaves_one_result_and_nothing_behind(alone: Suffering, phase: str, kind: str) -> None:
    alone.start_workers()
    end_of(alone, sent(alone, "light", 1))
    under_way = sent(alone, kind, 2)
    if phase == "report":  # the result is there and can't be told: the server is away, then the worker dies
        reach(alone, under_way, "train")
        alone.proxies["host-a"].cut()
        settles(alone, 6)
    else:
        reach(alone, under_way, phase)
    alone.kill("host-a")
    alone.proxies["host-a"].mend()
    run = end_of(alone, under_way)
    assert (run["state"], tries_of(run)[-1], len(tries_of(run))) == ("DONE", "REPORTED", 2)
    assert tries_of(run)[0] in ("host_restarted", "host_lost")
    end_of(alone, sent(alone, "light", 3))  # who comes after a killed worker clears what that left
    alone.launcher.stop()
    assert leftovers(alone.stack.folder) == []


def test_a_database_killed_in_mid_run_costs_time_alone() -> None:
    with suffering(kind="postgres", names=("host-a",)) as platform:
        platform.start_workers()
        under_way = sent(platform, "slow", 1)
        platform.wait("it runs", lambda: run_of(platform, under_way)["state"] == "RUNNING")
        platform.kill("postgres")
        run = end_of(platform, under_way)
        assert tries_of(run).count("REPORTED") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, to be filled. Needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FULL_MB}m", "none", str(place)], check=False).returncode:
        lacking("root", "mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    """No byte is left."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return filler


def test_a_host_whose_disk_is_full_claims_nothing_and_goes_on_when_there_is_room(alone: Suffering, small_disk: Path) -> None:
    environment = alone.environments["host-a"]
    shutil.copytree(alone.stack.folder / "host-a", small_disk / "host-a")
    alone.environments["host-a"] = environment | {"MINJOULE_WORKER_DATA_DIR": str(small_disk / "host-a"), "TMPDIR": str(small_disk)}
    filler = fill(small_disk)
    alone.start_workers()
    waits = sent(alone, "light", 1)
    settles(alone, 8)
    run = run_of(alone, waits)
    assert (run["state"], run["attempts"]) == ("QUEUED", [])
    filler.unlink()
    run = end_of(alone, waits)
    assert (run["state"], len(run["attempts"])) == ("DONE", 1)


def test_a_server_whose_disk_is_full_refuses_and_loses_nothing(small_disk: Path) -> None:
    with suffering(names=("host-a",), data_dir=small_disk) as platform:
        platform.start_workers()
        end_of(platform, sent(platform, "light", 1))
        filler = fill(small_disk)
        assert platform.put(entry("light", 2)) is None
        assert [path for path in (small_disk / "blobs").rglob(".*")] == []
        filler.unlink()
        assert end_of(platform, sent(platform, "light", 2))["state"] == "DONE"


def test_forged_and_doubled_messages_are_harmless(platform: Suffering) -> None:
    platform.start_workers()
    draw = random.Random(1)
    first = sent(platform, "slow", 1)
    for _ in range(5):
        faults.forge(platform, draw)
        faults.junk(platform, draw)
    run = end_of(platform, first)
    assert (run["state"], len(run["attempts"])) == ("DONE", 1)
    assert end_of(platform, sent(platform, "light", 2))["state"] == "DONE"
