"""Groups on this machine's kernel, wherever its hierarchies are mounted: counters in their units, emptiness, and their end."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from minjoule.box import BoxFault
from sandbox import cgroups
from sandbox.cgroups import ROOT, V1Group, V2Group


@pytest.fixture
def group() -> Iterator[V2Group]:
    places = [place for place in (ROOT, ROOT / "unified") if (place / "cgroup.controllers").exists()]
    if not places:
        pytest.skip("no version 2 hierarchy is mounted below /sys/fs/cgroup")
    made = V2Group("minjoule/v2-test/box", places[0])
    try:
        (places[0] / "minjoule/v2-test/box").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        pytest.skip(f"control groups can't be made here: {error.strerror}")
    yield made
    made.remove()
    for folder in (places[0] / "minjoule/v2-test", places[0] / "minjoule"):
        with contextlib.suppress(OSError):
            folder.rmdir()


def test_version_2_counts_the_dead_and_tells_when_nobody_is_left(group: V2Group) -> None:
    procs: Path = group._folder / "cgroup.procs"
    join = f"open({str(procs)!r}, 'w').write('0')"
    burn = "import time, os\nif os.fork(): os._exit(0)\nos.setsid()\nwhile time.process_time() < 0.3: pass"
    assert group.empty()
    subprocess.run([sys.executable, "-c", f"{join}\n{burn}"], check=True)
    assert not group.empty()
    deadline = time.monotonic() + 10
    while not group.empty() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert group.empty()
    assert 0.25e9 < group.cpu_ns() < 1.5e9
    assert group.oom_kills() == 0


FORKS = "import os, time\nos.fork() or os.setsid()\nopen(1, 'wb', buffering=0).write(b'.')\ntime.sleep(600)"


def ends_what_is_in_it(group: V1Group | V2Group, procs: list[Path]) -> None:
    """Two processes, one of them in a group below."""
    joins = "\n".join(f"open({str(each)!r}, 'w').write('0')" for each in procs)
    process = subprocess.Popen([sys.executable, "-c", f"{joins}\n{FORKS}"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert len(said.read(1) + said.read(1)) == 2
        assert not group.empty()
        group.remove()
        assert said.read() == b""  # nobody holds its other end: both are gone
    assert process.wait(10) == -signal.SIGKILL


def test_what_the_engine_lost_in_a_group_of_version_2_ends_with_it(group: V2Group) -> None:
    below = group._folder / "below"
    below.mkdir()
    ends_what_is_in_it(group, [below / "cgroup.procs"])
    assert not group._folder.exists()


def test_what_the_engine_lost_in_a_group_of_version_1_ends_with_it() -> None:
    name = "minjoule/v1-test/box"
    group = V1Group(name)
    if not all((ROOT / controller).is_dir() for controller in V1Group.HELD):
        pytest.skip("no version 1 hierarchy is mounted below /sys/fs/cgroup")
    try:
        group.create()
    except BoxFault as fault:
        pytest.skip(str(fault))
    (ROOT / "pids" / name / "below").mkdir()
    ends_what_is_in_it(group, [ROOT / "cpuacct" / name / "cgroup.procs", ROOT / "pids" / name / "below" / "cgroup.procs"])
    assert cgroups.leftovers("v1-test") == set()
    for controller in V1Group.HELD:
        (ROOT / controller / "minjoule/v1-test").rmdir()


def test_a_process_of_another_namespace_is_no_order_to_kill_ourselves(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text("0\n")
    cgroups.end_all(tmp_path)
