"""Duels and records: who may challenge, with how many runs, at which alpha, and what wins. Pure, on numbers or arrays of them.

Runs that earned a place never count for a record: a challenger and the holder run afresh, in turns on one host. The number of runs is
fixed beforehand from the class's scatter; a lineage's chance of a false record is bounded for a whole season, however often it tries.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from server.domain.run import TransitionError
from server.domain.scoring import Bar, Score, Status, assess
from server.domain.welch import LOG_MARGIN, Arm, Numbers, p_lower

SEASON_ALPHA = 0.008
"""The chance of a false record that one lineage has in one season on one board, all its duels together: below 1 %, with room for scatter
that isn't normal."""
LEAST_RUNS, MOST_RUNS = 5, 30
IMPROVEMENT, POWER = 0.05, 0.9
"""So many runs are due that a true improvement of 5 % wins nine duels of ten."""
COMMENT_PERIOD = dt.timedelta(days=7)
NO_RECORDS = {"modelled-cpu-time"}
"""Boundaries too noisy by their nature."""
LEAST_FREEDOM = 4


class DuelState(StrEnum):
    """Where a duel stands. WON, LOST and CANCELLED are final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    WON = "WON"
    LOST = "LOST"
    CANCELLED = "CANCELLED"


class DuelEvent(StrEnum):
    """What may happen to a duel."""

    BEGUN = "begun"
    WON = "won"
    LOST = "lost"
    CANCELLED = "cancelled"


TABLE: dict[tuple[DuelState, DuelEvent], DuelState] = {
    (DuelState.QUEUED, DuelEvent.BEGUN): DuelState.RUNNING,
    (DuelState.RUNNING, DuelEvent.WON): DuelState.WON,
    (DuelState.RUNNING, DuelEvent.LOST): DuelState.LOST,
    (DuelState.QUEUED, DuelEvent.CANCELLED): DuelState.CANCELLED,
    (DuelState.RUNNING, DuelEvent.CANCELLED): DuelState.CANCELLED,
}


def after(state: DuelState, event: DuelEvent) -> DuelState:
    """The next state. Raises TransitionError."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise TransitionError(f"a {state} duel can't be {event}") from None


def alpha_of(duels_before: Any) -> Numbers:
    """What the lineage's next duel may spend: half of what is left of the season's alpha."""
    return np.asarray(SEASON_ALPHA / 2.0 ** (np.asarray(duels_before) + 1), dtype=np.float64)


def runs_each(cv: Any, alpha: Any) -> NDArray[np.int64]:
    """Runs an arm, from the scatter of log joules and the alpha to spend; 0 where even 30 wouldn't do: then there's no duel."""
    effect = -math.log1p(-IMPROVEMENT)
    due = np.ceil(2 * ((ndtri(1 - np.asarray(alpha)) + ndtri(POWER)) * np.asarray(cv) / effect) ** 2) + 2
    return np.where(due > MOST_RUNS, 0, np.maximum(due, LEAST_RUNS)).astype(np.int64)


def class_cv(scatters: Iterable[tuple[float, int]]) -> float | None:
    """Pooled standard deviation of log joules over entries (own deviation, runs); None below four degrees of freedom."""
    squares = [(sd * sd * (runs - 1), runs - 1) for sd, runs in scatters if runs > 1]
    freedom = sum(df for _, df in squares)
    return math.sqrt(math.fsum(square for square, _ in squares) / freedom) if freedom >= LEAST_FREEDOM else None


def looks_better(challenger_mean: Any, record_mean: Any) -> NDArray[np.bool_]:
    """On the runs that listed it, against the fresh runs of the record: by 1 % or more. Luck may look so too; hence the duel."""
    return np.asarray(np.asarray(challenger_mean) <= np.asarray(record_mean) - LOG_MARGIN)


def wins(challenger: Arm, incumbent: Arm, alpha: Any) -> NDArray[np.bool_]:
    """The fresh runs' verdict: at least 1 % lower, and p below alpha."""
    lower = np.asarray(challenger.mean) <= np.asarray(incumbent.mean) - LOG_MARGIN
    return np.asarray(lower & (p_lower(challenger, incumbent) < alpha))


@dataclass(frozen=True, slots=True)
class DuelVerdict:
    """How a duel ended and why; ``p`` and ``ratio`` (challenger's joules over the incumbent's) are None without an incumbent."""

    won: bool
    reason: str
    mean_log_j: float | None
    p: float | None = None
    ratio: float | None = None


def decide(challenger: Sequence[Score], incumbent: Sequence[Score], alpha: float, bar: Bar) -> DuelVerdict:
    """A duel whose runs are all done. The challenger's fresh runs must qualify like any; without an incumbent that's all.

    Raises ValueError without at least two runs of the challenger.
    """
    if len(challenger) < 2 or len(incumbent) == 1:
        raise ValueError(f"a duel of {len(challenger)} against {len(incumbent)} runs can't be decided")
    mine = assess(challenger, len(challenger), bar)
    if mine.status is not Status.QUALIFIED or mine.mean_log_j is None or mine.sd_log_j is None:
        return DuelVerdict(False, "the challenger's fresh runs miss the target", mine.mean_log_j)
    if not incumbent:
        return DuelVerdict(True, f"the board's first record: {len(challenger)} fresh runs qualify", mine.mean_log_j)
    theirs = assess(incumbent, len(incumbent), bar)
    if theirs.mean_log_j is None or theirs.sd_log_j is None:  # misses without a bill
        return DuelVerdict(True, f"{len(challenger)} fresh runs qualify; the holder's could not be billed", mine.mean_log_j)
    billed = sum(score.energy_uj is not None for score in incumbent)
    arms = Arm(mine.mean_log_j, mine.sd_log_j, len(challenger)), Arm(theirs.mean_log_j, theirs.sd_log_j, billed)
    p, ratio = float(p_lower(*arms)), math.exp(mine.mean_log_j - theirs.mean_log_j)
    won = bool(wins(*arms, alpha))
    said = f"{len(challenger)} fresh runs each: {ratio:.4f} of the holder's joules, p = {p:.2g}; due are at most 0.99 and p < {alpha:.2g}"
    return DuelVerdict(won, said, mine.mean_log_j, p, ratio)
