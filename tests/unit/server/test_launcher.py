"""The supervisor: what dies is started again, and its orphans don't go on beside it."""

import os
import signal
import time
from pathlib import Path

import pytest

from server import launcher as launching
from server.launcher import Launcher


def alive(group: int) -> bool:
    """Whether a process group has a member that isn't a zombie."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


def test_a_killed_process_is_started_again_without_its_orphans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "BACKOFF_S", 0.0)
    launcher = Launcher(tmp_path, lambda line: None)
    process = launcher.start("parent", ["sh", "-c", "sleep 600 & wait"], {})
    first = process.handle
    assert first is not None
    time.sleep(0.3)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert alive(first.pid)  # the sleep goes on
    launcher.tend()
    time.sleep(0.2)
    try:
        assert process.handle is not first
        assert not alive(first.pid)
    finally:
        launcher.stop()
