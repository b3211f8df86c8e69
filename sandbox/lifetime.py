"""How long a box may live, and whether the worker that owns it still does: what a reaper in another process goes by.

A container survives its worker's SIGKILL. So every box carries a deadline as a label, by the machine's clock, and the worker
holds a lock for as long as it lives, which the kernel lets go when it dies, however it dies.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from minjoule.box import BoxLimits

WAITING_S = 1800.0
"""How long a box prepared ahead may wait for its bundle."""
LONG_S = 3600.0
SLACK = 4
ALIVE, LABEL_FILE = "worker.alive", "host.label"


def now_s() -> float:
    """Seconds since the epoch."""
    return time.time()


def longest_s(limits: BoxLimits) -> float:
    """A wall-clock cap as deadlines take it: boxes of caps below an hour are of one kind."""
    return max(limits.wall_s, LONG_S)


def deadline_s(limits: BoxLimits) -> float:
    """When a box that is made now is overdue: after its waiting, both phases and idle bands, generously. Seconds since the epoch."""
    return now_s() + WAITING_S + SLACK * longest_s(limits)


def hold(data_dir: Path, host_label: str) -> IO[str]:
    """Say that a worker of this host lives, until the file is closed or the process dies."""
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / LABEL_FILE).write_text(host_label)
    file = (data_dir / ALIVE).open("w")
    fcntl.flock(file, fcntl.LOCK_SH)  # two workers of one host may live; a reaper that has just begun is waited for
    return file


@contextmanager
def orphaned(data_dir: Path) -> Iterator[bool]:
    """Whether no worker of this host lives; while the context lasts, none begins to."""
    with (data_dir / ALIVE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
