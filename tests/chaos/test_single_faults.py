"""One fault at a time, where its place matters: a worker killed in each phase, full disks, PostgreSQL killed."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import faults
from tests.chaos.entries import entry
from tests.chaos.platform import Suffering, leftovers, suffering

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


def run_of(platform: Suffering, sent: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = platform.stack.get(f"/runs/{sent['runs'][0]['id']}")
    return view


def end_of(platform: Suffering, sent: dict[str, Any], seconds: float = 90) -> dict[str, Any]:
    platform.wait("the run's end", lambda: run_of(platform, sent)["state"] in ("DONE", "VOID"), seconds)
    return run_of(platform, sent)


def sent(platform: Suffering, kind: str, number: int) -> dict[str, Any]:
    return dict(platform.wait("the front door", lambda: platform.put(entry(kind, number))))


@pytest.mark.parametrize(
    ("phase", "kind"), [("prepare", "light"), ("train", "slow"), ("score", "slow to score"), ("report", "slow to score")]
)
def test_a_worker_killed_in_a_phase_leaves_one_result_and_nothing_behind(alone: Suffering, phase: str, kind: str) -> None:
    alone.start_workers()
    alone.wait("the worker judges", lambda: end_of(alone, sent(alone, "light", 1)))
    if phase == "report":  # the result is there and can't be told: the server is away, then the worker dies
        under_way = sent(alone, "slow to score", 2)
        alone.wait("it scores", lambda: (run_of(alone, under_way)["attempt"] or {}).get("phase") == "score")
        alone.proxies["host-a"].cut()
        platform_settles(alone, 4)
        alone.kill("host-a")
        alone.proxies["host-a"].mend()
    else:
        under_way = sent(alone, kind, 2)

        def there() -> bool:
            run = run_of(alone, under_way)
            return run["state"] == "DONE" or (run["attempt"] or {}).get("phase") == phase

        alone.wait(f"it's in {phase}", there)
        alone.kill("host-a")
    run = end_of(alone, under_way)
    states = [attempt["state"] for attempt in run["attempts"]]
    assert (run["state"], states.count("REPORTED"), states[-1]) == ("DONE", 1, "REPORTED")
    alone.launcher.stop()
    assert leftovers(alone.stack.folder) == []


def platform_settles(platform: Suffering, seconds: float) -> None:
    """The platform goes on for a while."""
    with pytest.raises(AssertionError):
        platform.wait("never", lambda: False, seconds)


def test_a_database_killed_in_mid_run_costs_time_alone() -> None:
    with suffering(kind="postgres", names=("host-a",)) as platform:
        platform.start_workers()
        under_way = sent(platform, "slow", 1)
        platform.wait("it runs", lambda: run_of(platform, under_way)["state"] == "RUNNING")
        platform.kill("postgres")
        run = end_of(platform, under_way)
        assert [attempt["state"] for attempt in run["attempts"]].count("REPORTED") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, to be filled. Needs the right to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FULL_MB}m", "none", str(place)], check=False).returncode:
        pytest.skip("mounting a small disk needs root")
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
    platform_settles(alone, 8)
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
