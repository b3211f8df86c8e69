"""The port to a box: the place where an entrant's code runs, apart from meters, scorer and held-out data.

``sandbox.docker_box`` is the real one, ``minjoule.local_box`` runs on the participant's own machine.
A box lives through three idempotent verbs: prepare (up to the gate), execute (gate open until empty), cleanup.
Our failures are raised as ``BoxFault``; how the entrant's program ended is data in ``BoxEnd``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from minjoule.protocol import Channel

LOAD_S = 10.0


class BoxFault(Exception):
    """Our failure, never the entrant's: the engine is gone, the image is missing, the box didn't reach its gate."""


class BoxStuck(BoxFault):
    """A kill hangs: what runs on this host is out of our hands, and it may judge nothing until somebody has looked."""


class Phase(StrEnum):
    """Which of an attempt's two windows a box serves."""

    TRAIN = "train"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class BoxLimits:
    """Caps of one box. Bytes are bytes, seconds are seconds of wall clock or CPU as named."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    tmp_bytes: int
    pids: int
    log_bytes: int
    threads: int = 1


@dataclass(frozen=True, slots=True)
class TrialCaps:
    """Caps of the two phases of a trial, as the track's rules set them. Seconds a symbol hold beside those of the whole phase."""

    train: BoxLimits
    score: BoxLimits
    artifact_bytes: int
    symbol_wall_s: float | None = None
    symbol_cpu_s: float | None = None

    def score_of(self, symbols: int) -> BoxLimits:
        """What scoring so many symbols may take: ``LOAD_S`` to load, then so much a symbol, and never more than the phase's own caps."""
        wall = math.inf if self.symbol_wall_s is None else LOAD_S + self.symbol_wall_s * symbols
        cpu = math.inf if self.symbol_cpu_s is None else LOAD_S + self.symbol_cpu_s * symbols
        return replace(self.score, wall_s=min(self.score.wall_s, wall), cpu_s=min(self.score.cpu_s, cpu))


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """What a box is made from. ``prelude`` names modules that our harness imports before the gate."""

    name: str
    phase: Phase
    bundle: Path
    entrypoint: str
    prelude: tuple[str, ...]
    image: str
    limits: BoxLimits
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class BoxEnd:
    """How a box ended, as the engine and our own acts say; never as the entrant's text says.

    Attributes:
        exit_code: of the harness process; None where unknown (killed by us).
        oom_killed: the kernel killed for memory in this box's group.
        killed_by_us: we sent the SIGKILL that ended it (a deadline, or the end of a window).
        log: standard output and error as bytes, at most ``limits.log_bytes``.
        log_truncated: more was written than kept.
        cpu_ns: CPU time of every process that was ever in the box, nanoseconds.
    """

    exit_code: int | None
    oom_killed: bool
    killed_by_us: bool
    log: bytes
    log_truncated: bool
    cpu_ns: int


class Box(Protocol):
    """One box, used once.

    Attributes:
        unsandboxed: True where the entrant's code isn't contained; every page and line must then say UNSANDBOXED.
        left_work: known once it's empty: work of the entry's went on where no process of the box is, and had to be ended by force,
            at the cost of boxes beside it.
    """

    unsandboxed: bool
    left_work: bool

    def prepare(self) -> Channel:
        """Start the harness and wait until it stands at the gate. Returns the connected channel. Raises BoxFault."""
        ...

    def cpu_ns(self) -> int:
        """CPU time of every process that was ever in the box, nanoseconds, including what is running now."""
        ...

    def log_so_far(self) -> bytes:
        """What was logged until now, capped; for live viewing. Never blocks."""
        ...

    def wait_empty(self, grace_s: float, on_empty: Callable[[], None] | None = None) -> BoxEnd:
        """End of the window: give the harness ``grace_s`` to leave, kill whatever is left, return when no process is.

        ``on_empty`` is called once, the moment no process is left: the window's true end. What the engine takes
        longer to say (exit code, end of the log) is nobody's bill.
        """
        ...

    def cleanup(self) -> None:
        """Remove every trace of the box. Idempotent; callable from any state; may be slow, so it's called after the report."""
        ...


class BoxFactory(Protocol):
    """Makes boxes on this host."""

    def __call__(self, spec: BoxSpec) -> Box:
        """A box that isn't started yet."""
        ...
