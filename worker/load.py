"""What keeps this machine busy while it's calibrated: the same work on every core, or as much as there's time for."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

BLOCK_BYTES = 65536
SIZING_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """Two ways to be busy, on processes that have been started before. ``rounds`` is the size of the control workload."""

    control: Callable[[], None]
    pulse: Callable[[float], None]
    rounds: int = 0


@contextmanager
def every_core(cores: int, control_s: float, rounds: int = 0) -> Iterator[Load]:
    """Processes for every core; the control workload has that many rounds, or is sized to take about ``control_s``."""
    began = time.monotonic()
    if not rounds:
        hash_rounds(SIZING_ROUNDS)
        rounds = max(round(control_s / (time.monotonic() - began) * SIZING_ROUNDS), 1)
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(hash_rounds, [1] * cores)
        yield Load(lambda: use(pool.map(hash_rounds, [rounds] * cores)), lambda seconds: use(pool.map(hash_for, [seconds] * cores)), rounds)


def use(done: list[bytes]) -> None:
    """The work's result isn't wanted."""


def hash_rounds(rounds: int) -> bytes:
    """A chain of hashes of 64 kB."""
    block = bytes(BLOCK_BYTES)
    for _ in range(rounds):
        block = sha256(block).digest() * (BLOCK_BYTES // 32)
    return block[:32]


def hash_for(seconds: float) -> bytes:
    """Hash until the time is over."""
    until, last = time.monotonic() + seconds, b""
    while time.monotonic() < until:
        last = hash_rounds(20)
    return last
