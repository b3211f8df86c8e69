"""The ranking: a pure function of what qualified."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contender:
    """A qualified entry: its mean of log joules, and when it was entered (ties show the earliest first)."""

    entry_id: int
    mean_log_j: float
    created_at: dt.datetime


def rank(contenders: Iterable[Contender]) -> dict[int, int]:
    """Entry id to rank, 1 the least energy; equal energies share a rank, and the next rank counts them all.

    Raises ValueError on a non-finite mean: nothing incomplete may reach the ranking.
    """
    ordered = sorted(contenders, key=lambda each: (each.mean_log_j, each.created_at, each.entry_id))
    ranks: dict[int, int] = {}
    place, last = 0, math.nan
    for number, contender in enumerate(ordered, start=1):
        if not math.isfinite(contender.mean_log_j):
            raise ValueError(f"entry {contender.entry_id} has mean log joules {contender.mean_log_j!r}: it may not be ranked")
        if contender.mean_log_j != last:
            place, last = number, contender.mean_log_j
        ranks[contender.entry_id] = place
    return ranks
