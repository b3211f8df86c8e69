"""One attempt at a run on this machine: two boxes, two windows, one meter. The judge and ``minjoule try`` share it.

It knows no server and no queue. The entrant's failures are an Outcome; ours are raised (BoxFault, MeterFault).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from minjoule.box import BoxFactory, BoxLimits, Phase
from minjoule.meter import Meter
from minjoule.outcome import Outcome
from minjoule.problems.base import Instance
from minjoule.window import Measurement, Trace


@dataclass(frozen=True, slots=True)
class TrialCaps:
    """Caps of the two phases of a trial, as the track's rules set them."""

    train: BoxLimits
    score: BoxLimits
    artifact_bytes: int


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """What to carry out. ``seed`` goes to the entrant; the instance's key never leaves the caller."""

    name: str
    bundle: Path
    entrypoint: str
    prelude: tuple[str, ...]
    image: str
    instance: Instance
    seed: int
    caps: TrialCaps
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhaseBill:
    """What one window cost. ``others`` are further meters beside the bill."""

    measurement: Measurement
    trace: Trace


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How a trial ended.

    Attributes:
        outcome: see Outcome; ``message`` says why in a sentence, for the entrant.
        loss: mean bits per held-out symbol; None unless FINISHED. Always finite.
        train: the train window's bill; always there.
        score: the scoring window's bill; None where there was nothing to score.
        artifact_sha256: hex; None where there was no artifact. ``artifact_bytes`` is its size.
        log: the entrant's output of both phases, capped.
        overhead_ns: ``gate_open_ns`` to ``harness_exit_ns`` pairs are in the bills' windows.
    """

    outcome: Outcome
    message: str
    loss: float | None
    symbols: int
    train: PhaseBill
    score: PhaseBill | None
    artifact_sha256: str | None
    artifact_bytes: int
    log: bytes
    log_truncated: bool
    prelude_s: float

    @property
    def energy_uj(self) -> int:
        """The bill: train + load + every prediction, microjoules."""
        return self.train.measurement.energy_uj + (self.score.measurement.energy_uj if self.score else 0)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known while it runs. ``fraction`` is of the phase, None where unknown; ``energy_uj`` so far."""

    phase: Phase
    wall_s: float
    energy_uj: int
    fraction: float | None
    log: bytes
    loss_so_far: float | None


def carry_out(spec: TrialSpec, boxes: BoxFactory, meter: Meter, on_progress: Callable[[Progress], None]) -> TrialResult:
    """Train and score once. Raises BoxFault and MeterFault; cleanup of boxes is done when it returns."""
    raise NotImplementedError
