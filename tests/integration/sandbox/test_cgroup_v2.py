"""Version 2's group on this machine's kernel, wherever its hierarchy is mounted: counters in their units, and emptiness."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cgroups import ROOT, V2Group


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
