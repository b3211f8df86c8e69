"""From a submission's runs on a board to its entry: status, mean and scatter of log joules, mean loss with its interval."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from minjoule.outcome import Outcome

ALPHA = 0.01
"""The mean loss must lie below the target by a one-sided test at this level."""
RUN_SIGMAS = 3.0
INTERVAL = 0.95
NORMAL = statistics.NormalDist()


class Status(StrEnum):
    """Where an entry stands."""

    PROVISIONAL = "PROVISIONAL"
    QUALIFIED = "QUALIFIED"
    ABOVE_TARGET = "ABOVE_TARGET"
    DISPUTED = "DISPUTED"
    DISQUALIFIED = "DISQUALIFIED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Score:
    """One finished run: its verdict, loss (None unless FINISHED) and bill in microjoules, split.

    A run that FINISHED has a bill; a miss whose window was voided (its machine stayed busy) has none, and weighs in no mean of joules.
    """

    outcome: Outcome
    loss: float | None
    energy_uj: int | None
    train_uj: int
    score_uj: int


@dataclass(frozen=True, slots=True)
class Bar:
    """What qualifies: the target, and the scatter of one run's loss that the Rules have frozen, both in the track's unit."""

    target_loss: float
    sigma: float

    @property
    def run_limit(self) -> float:
        """No single run may lose more. By the frozen sigma alone: a gambler's own would widen the gate for him."""
        return self.target_loss + RUN_SIGMAS * self.sigma


@dataclass(frozen=True, slots=True)
class Loss:
    """Mean loss over the runs, its interval of 95 %, the sigma taken, and the p of "the true mean is above the target"."""

    mean: float
    low: float
    high: float
    sigma: float
    p: float


@dataclass(frozen=True, slots=True)
class EntryFigures:
    """What the board shows of an entry. ``mean_log_j`` and ``sd_log_j``: of the natural logarithm of joules over all billed runs."""

    status: Status
    runs_done: int
    mean_log_j: float | None
    sd_log_j: float | None
    loss: Loss | None
    train_uj: int | None
    score_uj: int | None


def assess(scores: Sequence[Score], wanted: int, bar: Bar) -> EntryFigures:
    """All started runs count; a run that ended badly is a miss: it can't be averaged away.

    Raises ValueError on a non-finite loss or a bill below 1 uJ.
    """
    for score in scores:
        if score.loss is not None and not math.isfinite(score.loss):
            raise ValueError(f"loss {score.loss!r} isn't finite")
        if score.energy_uj is None and score.loss is not None:
            raise ValueError("a run has a loss, and no bill")
        if score.energy_uj is not None and score.energy_uj < 1:
            raise ValueError(f"a bill of {score.energy_uj} uJ isn't a bill")
    if not scores:
        return EntryFigures(Status.PROVISIONAL, 0, None, None, None, None, None)
    count, billed = len(scores), [score for score in scores if score.energy_uj is not None]
    logs = [math.log(score.energy_uj / 1e6) for score in billed if score.energy_uj is not None]
    losses = [score.loss for score in scores if score.loss is not None]
    return EntryFigures(
        status=status([score.loss for score in scores], wanted, bar),
        runs_done=count,
        mean_log_j=math.fsum(logs) / len(logs) if logs else None,
        sd_log_j=statistics.stdev(logs) if len(logs) > 1 else None,
        loss=loss_of(losses, bar) if len(losses) == count else None,
        train_uj=sum(score.train_uj for score in billed) // len(billed) if billed else None,
        score_uj=sum(score.score_uj for score in billed) // len(billed) if billed else None,
    )


def loss_of(losses: Sequence[float], bar: Bar) -> Loss:
    """A normal test by the greater of the frozen sigma and the entry's own.

    Not Student's: with three runs it would turn away a fifth of the entries whose true mean lies five sigma below the target.
    """
    count, mean = len(losses), math.fsum(losses) / len(losses)
    sigma = max(bar.sigma, statistics.stdev(losses) if count > 1 else 0.0)
    error = sigma / math.sqrt(count)
    half, p = NORMAL.inv_cdf((1 + INTERVAL) / 2) * error, NORMAL.cdf((mean - bar.target_loss) / error)
    return Loss(mean, max(0.0, mean - half), mean + half, sigma, p)


def status(losses: Sequence[float | None], wanted: int, bar: Bar) -> Status:
    """The rule alone; a loss is None where the run missed."""
    if len(losses) < wanted:
        return Status.PROVISIONAL
    held = [loss for loss in losses if loss is not None and loss <= bar.run_limit]
    if len(held) < len(losses):
        return Status.ABOVE_TARGET
    return Status.QUALIFIED if loss_of(held, bar).p < ALPHA else Status.ABOVE_TARGET
