"""Welch's test on log joules, on arrays: what "surely better" means for the ranking and for duels. It knows no entry and no board."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Numbers = NDArray[np.float64]
MARGIN = 0.01
"""How much lower joules must be to count as lower."""
LOG_MARGIN = float(-np.log1p(-MARGIN))
SD_FLOOR = 0.001
"""A scatter of log joules below 0.1 % counts as 0.1 %: three runs can agree by chance."""
DF_MOST = 120.0
STEPS = np.linspace(1 / DF_MOST, 1.0, 4000)


@dataclass(frozen=True, slots=True)
class Arm:
    """Runs of one entry, or arrays over many: mean and standard deviation (of one run) of log joules, and how many runs, at least two."""

    mean: Any
    sd: Any
    runs: Any

    @property
    def squared_error(self) -> Numbers:
        """Of the mean."""
        return np.asarray(np.maximum(self.sd, SD_FLOOR) ** 2 / self.runs, dtype=np.float64)


def freedom(of_a: Any, runs_a: Any, of_b: Any, runs_b: Any) -> Numbers:
    """Welch and Satterthwaite's degrees of freedom, from the squared errors of both means."""
    share = of_b / (of_a + of_b)
    return np.asarray(1 / (share**2 / (runs_b - 1) + (1 - share) ** 2 / (runs_a - 1)), dtype=np.float64)


def p_lower(lower: Arm, higher: Arm) -> Numbers:
    """One-sided p of "``lower`` takes no less energy than ``higher``"."""
    of_a, of_b = lower.squared_error, higher.squared_error
    t = (np.asarray(lower.mean) - higher.mean) / np.sqrt(of_a + of_b)
    return np.asarray(stdtr(freedom(of_a, lower.runs, of_b, higher.runs), t), dtype=np.float64)


class Critical:
    """The t that a one-sided test at ``alpha`` wants, by degrees of freedom: a table, linear in 1/df, good to 1e-4, falling in df."""

    def __init__(self, alpha: float) -> None:
        self._table = np.asarray(stdtrit(1 / STEPS, 1 - alpha))

    def __call__(self, df: Any) -> Numbers:
        """For any df of 1 or more; above 120 as at 120."""
        return np.asarray(np.interp(1 / np.asarray(df), STEPS, self._table))
