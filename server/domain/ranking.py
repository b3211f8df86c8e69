"""The ranking: a pure function of what qualified. An entry's rank is one more than the number of entries that are surely better.

Surely better: at least 1 % less energy, and Welch's test on log joules says so at p < 0.01, where few runs borrow from the field's
typical scatter. The pairs of 100,000 entries are too many to try: entries of like scatter are taken together, so that only
pairs near the border are tested one by one. The result is the same.
"""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from server.domain.welch import LOG_MARGIN, Arm, Critical, Numbers, freedom

ALPHA = 0.01
CRITICAL = Critical(ALPHA)
UNKNOWN_SD = 0.2
BORROWED = 4
FEW = 400
BIN = math.log(1.08)
TOP, MOST_RUNS = 10, 30
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contender:
    """A qualified entry: mean and standard deviation (of one run; None below two runs) of log joules, its runs, when it was entered."""

    entry_id: int
    mean_log_j: float
    sd_log_j: float | None
    runs: int
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Field:
    """Contenders as arrays, the lowest mean first: ``error`` is the squared error of the mean, ``runs`` at least two."""

    ids: list[int]
    mean: Numbers
    error: Numbers
    runs: Numbers


def in_order(contenders: Iterable[Contender]) -> list[Contender]:
    """As a board shows them: by mean, the earliest first where they're equal. Raises ValueError on non-finite figures."""
    found = list(contenders)
    for each in found:
        if not math.isfinite(each.mean_log_j) or not (each.sd_log_j is None or 0 <= each.sd_log_j < math.inf) or each.runs < 1:
            figures = f"mean log joules {each.mean_log_j!r}, scatter {each.sd_log_j!r}, {each.runs} runs"
            raise ValueError(f"entry {each.entry_id} has {figures}: it may not be ranked")
    return sorted(found, key=lambda each: (each.mean_log_j, each.created_at, each.entry_id))


def typical_sd(contenders: Iterable[Contender]) -> float:
    """The scatter of one run that is typical of a field: from the median over the entries; 0 where nobody has two runs.

    The squared deviation of few runs is mostly too small: each is divided by the median of its distribution first.
    """
    known = np.array([(each.sd_log_j, each.runs) for each in contenders if each.sd_log_j is not None and each.runs > 1], dtype=np.float64)
    if not len(known):
        return 0.0
    df = known[:, 1] - 1
    return float(np.sqrt(np.median(known[:, 0] ** 2 * df / chdtri(df, 0.5))))


def field_of(ordered: Sequence[Contender]) -> Field:
    """As arrays. Of a single run the scatter isn't known: 20 % is assumed, so that it's surely better than little.

    Three runs can agree by chance, and such entries are most of those that would be told apart wrongly: a squared scatter counts at least
    as its mean with the field's typical one, which weighs as much as ``BORROWED`` runs. The degrees of freedom stay the entry's own.
    Nobody gains by it: whoever lowers the typical scatter by steady entries gets back, at most, the plain test.
    """
    mean = np.array([each.mean_log_j for each in ordered], dtype=np.float64)
    sd = np.array([UNKNOWN_SD if each.sd_log_j is None else each.sd_log_j for each in ordered], dtype=np.float64)
    runs = np.array([max(2, each.runs) for each in ordered], dtype=np.float64)
    sd = np.maximum(sd, np.sqrt((BORROWED * typical_sd(ordered) ** 2 + (runs - 1) * sd**2) / (BORROWED + runs - 1)))
    return Field([each.entry_id for each in ordered], mean, Arm(mean, sd, runs).squared_error, runs)


def rank(contenders: Iterable[Contender]) -> dict[int, int]:
    """Entry id to rank, 1 the least energy, in the order of display. Raises ValueError on non-finite figures."""
    field = field_of(in_order(contenders))
    places = few_places(field) if len(field.ids) <= FEW else many_places(field)
    return dict(zip(field.ids, places.tolist(), strict=True))


def surely(field: Field, better: Places, worse: Places) -> NDArray[np.bool_]:
    """Pair by pair: whether the one is surely better than the other."""
    ahead = field.mean[worse] - field.mean[better]
    of_a, of_b = field.error[better], field.error[worse]
    df = freedom(of_a, field.runs[better], of_b, field.runs[worse])
    return np.asarray(ahead >= np.maximum(LOG_MARGIN, CRITICAL(df) * np.sqrt(of_a + of_b)))


def few_places(field: Field) -> Places:
    """Every pair."""
    count = len(field.ids)
    better, worse = np.divmod(np.arange(count * count), max(1, count))
    return np.asarray(1 + surely(field, better, worse).reshape(count, count).sum(axis=0), dtype=np.int64)


def many_places(field: Field) -> Places:
    """Bin by bin, the pairs in between one by one."""
    places = np.ones(len(field.ids), dtype=np.int64)
    bins = list(bins_of(field))
    for better, worse in itertools.product(bins, repeat=2):
        low, high = border(better, worse)
        sure = np.searchsorted(better.mean, worse.mean - high, side="right")
        maybe = np.searchsorted(better.mean, worse.mean - low, side="right")
        places[worse.rows] += sure
        near = np.flatnonzero(maybe > sure)
        if len(near):
            add_near(field, places, better, worse.rows[near], sure[near], (maybe - sure)[near])
    return places


def add_near(field: Field, places: Places, better: "Bin", rows: Places, first: Places, count: Places) -> None:
    """Test the pairs of each row with its ``count`` members of ``better`` from ``first`` on."""
    ends = np.cumsum(count)
    offsets = np.arange(ends[-1]) - np.repeat(ends - count, count)
    others = better.rows[np.repeat(first, count) + offsets]
    found = surely(field, others, np.repeat(rows, count))
    places[rows] += np.add.reduceat(found.astype(np.int64), ends - count)


@dataclass(frozen=True, slots=True)
class Bin:
    """Entries with the same number of runs and squared errors between ``least`` and ``most``; rows by mean."""

    rows: Places
    mean: Numbers
    runs: float
    least: float
    most: float


def bins_of(field: Field) -> Iterator[Bin]:
    """Errors within 8 % of each other."""
    keys = np.stack([field.runs, np.floor(np.log(field.error) / BIN)], axis=1)
    _, which = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1):
        errors = field.error[rows]
        yield Bin(rows, field.mean[rows], float(field.runs[rows[0]]), float(errors.min()), float(errors.max()))


def border(better: Bin, worse: Bin) -> tuple[float, float]:
    """Below the first difference of means no pair of the two bins is sure, from the second on every pair is."""
    ends = [freedom(better.least, better.runs, worse.most, worse.runs), freedom(better.most, better.runs, worse.least, worse.runs)]
    at_peak = (worse.runs - 1) / (better.runs + worse.runs - 2)
    shares = sorted([worse.most / (better.least + worse.most), worse.least / (better.most + worse.least)])
    most = better.runs + worse.runs - 2 if shares[0] <= at_peak <= shares[1] else max(ends)
    # a hair of room for rounding: whatever is near gets tested
    low = float(CRITICAL(most)) * math.sqrt(better.least + worse.least) * (1 - 1e-9)
    high = float(CRITICAL(min(ends))) * math.sqrt(better.most + worse.most) * (1 + 1e-9)
    return max(LOG_MARGIN * (1 - 1e-9), low), max(LOG_MARGIN * (1 + 1e-9), high)


def as_near_as_can_be(field: Field, place: int) -> bool:
    """Whether an entry and the next are closer than the margin beyond all doubt: more runs could tell nothing new."""
    ahead, error = field.mean[place + 1] - field.mean[place], field.error[place] + field.error[place + 1]
    df = freedom(field.error[place], field.runs[place], field.error[place + 1], field.runs[place + 1])
    return bool(ahead + CRITICAL(df) * np.sqrt(error) < LOG_MARGIN)


def to_separate(contenders: Iterable[Contender]) -> list[int]:
    """Of the first ten, those that aren't surely apart from a neighbour, but may be, and have fewer than 30 runs: they get more.

    Give more than eleven: the field's typical scatter is taken from all of them.
    """
    ordered = in_order(contenders)
    field, wanted = field_of(ordered), set[int]()
    for place in range(min(len(ordered) - 1, TOP)):
        if not surely(field, np.array([place]), np.array([place + 1]))[0] and not as_near_as_can_be(field, place):
            wanted |= {place, place + 1}
    return [ordered[place].entry_id for place in sorted(wanted) if place < TOP and ordered[place].runs < MOST_RUNS]
