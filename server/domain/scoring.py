"""From a submission's runs on a board to its entry: status, mean of log joules, mean loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from minjoule.outcome import Outcome


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
    """One finished run: its verdict, loss (None unless FINISHED) and bill in microjoules, split."""

    outcome: Outcome
    loss: float | None
    energy_uj: int
    train_uj: int
    score_uj: int


@dataclass(frozen=True, slots=True)
class EntryFigures:
    """What the board shows of an entry. ``mean_log_j`` is the mean natural logarithm of joules over all done runs."""

    status: Status
    runs_done: int
    mean_log_j: float | None
    mean_loss: float | None
    train_uj: int | None
    score_uj: int | None


def assess(scores: Sequence[Score], wanted: int, target_loss: float) -> EntryFigures:
    """All started runs count. Qualified: every wanted run is done and finished, and the mean loss is at or below the target.

    A run that ended badly is a miss: it can't be averaged away. Raises ValueError on a non-finite loss or a bill below 1 uJ.
    """
    for score in scores:
        if score.loss is not None and not math.isfinite(score.loss):
            raise ValueError(f"loss {score.loss!r} isn't finite")
        if score.energy_uj < 1:
            raise ValueError(f"a bill of {score.energy_uj} uJ isn't a bill")
    if not scores:
        return EntryFigures(Status.PROVISIONAL, 0, None, None, None, None)
    losses = [score.loss for score in scores if score.loss is not None]
    count = len(scores)
    mean_loss = math.fsum(losses) / count if len(losses) == count else None
    mean_log_j = math.fsum(math.log(score.energy_uj / 1e6) for score in scores) / count
    train_uj = sum(score.train_uj for score in scores) // count
    score_uj = sum(score.score_uj for score in scores) // count
    return EntryFigures(status(count, wanted, mean_loss, target_loss), count, mean_log_j, mean_loss, train_uj, score_uj)


def status(done: int, wanted: int, mean_loss: float | None, target_loss: float) -> Status:
    """The rule alone; ``mean_loss`` is None when a run missed."""
    if done < wanted:
        return Status.PROVISIONAL
    return Status.QUALIFIED if mean_loss is not None and mean_loss <= target_loss else Status.ABOVE_TARGET
