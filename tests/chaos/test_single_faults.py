"""One fault at a time, where its place matters: a worker killed in each phase, full disks, PostgreSQL killed."""

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.watchdog import SILENT_S
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


ONCE = {
    "web": faults.kill("web"),
    "tasks": faults.kill("tasks"),
    "redis": faults.kill("redis"),
    "FLUSHALL": faults.flush,
    "an hour ahead": faults.jump_by(1),
    "an hour back": faults.jump_by(-1),
}


@pytest.mark.timeout(600)
def test_what_dies_in_mid_run_costs_an_attempt_at_most_and_the_next_is_judged_at_once(platform: Suffering) -> None:
    platform.start_workers()
    end_of(platform, sent(platform, "light", 1))
    for number, (what, fault) in enumerate(ONCE.items(), 10):
        under_way = sent(platform, "long", number)
        reach(platform, under_way, "train")
        fault(platform, random.Random(number))
        run = end_of(platform, under_way)
        assert (run["outcome"], tries_of(run)[-1], len(tries_of(run)) <= 2) == ("FINISHED", "REPORTED", True), (what, run["attempts"])
    assert tries_of(end_of(platform, sent(platform, "light", 2))) == ["REPORTED"]


def test_a_beat_killed_alone_is_missed_and_comes_back(alone: Suffering) -> None:
    tasks = alone.stack.process("tasks").handle
    assert tasks is not None
    (beat,) = alone.wait("its beat", lambda: children_of(tasks.pid))
    os.kill(beat, signal.SIGKILL)
    alone.wait("the tasks begin anew", lambda: alone.stack.process("tasks").handle is not tasks, SILENT_S + 30)
    alone.start_workers()
    assert end_of(alone, sent(alone, "light", 1))["state"] == "DONE"
    again = alone.stack.process("tasks").handle
    assert again is not None
    alone.wait("another beat", lambda: children_of(again.pid))


def children_of(parent: int) -> list[int]:
    """Of a process, those that work."""
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in told.split() if "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]]


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
