"""How far an honest bill may stray after an attack: no further than honest bills strayed before the first one.

A two-sided tolerance interval of the logs of the bills (Howe's factor): it holds COVERAGE of all honest bills with CONFIDENCE, if
their logs are normal. They aren't quite, for a shared machine now and then charges more for the same work; so a bill beyond it is
followed by a few more after a pause, once, and their median must lie within. What a case left burning doesn't go away by that.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from scipy import stats

COVERAGE, CONFIDENCE = 0.999, 0.95
LEAST_SD = 0.01
"""Of a log: the engine's own shares and the clock's ticks of 10 ms don't show in a short baseline."""
AGAIN, PAUSE_S = 5, 5.0


@dataclass(frozen=True)
class Usual:
    """Honest bills before the first attack: how many, and mean and standard deviation of their logs."""

    count: int
    mean: float
    sd: float

    def interval_uj(self) -> tuple[int, int]:
        """Least and most, microjoules."""
        reach = tolerance_factor(self.count) * max(self.sd, LEAST_SD)
        return math.floor(math.exp(self.mean - reach)), math.ceil(math.exp(self.mean + reach))

    def holds(self, bill_uj: float) -> bool:
        """Whether a bill is as usual."""
        least, most = self.interval_uj()
        return least <= bill_uj <= most

    def said(self) -> str:
        """For whoever reads a failure, or the document."""
        least, most = self.interval_uj()
        mean = f"{math.exp(self.mean) / 1e6:.3f} J, standard deviation {self.sd:.1%}"
        return f"{self.count} honest bills before any attack: {mean}; usual is {least / 1e6:.3f} to {most / 1e6:.3f} J"


def usual(bills_uj: Sequence[int]) -> Usual:
    """Of three bills at least."""
    logs = [math.log(each) for each in bills_uj]
    return Usual(len(logs), statistics.mean(logs), statistics.stdev(logs))


@cache
def tolerance_factor(count: int) -> float:
    """How many standard deviations of ``count`` draws reach COVERAGE of a normal distribution with CONFIDENCE.

    Source: W. G. Howe, Two-sided tolerance limits for normal populations, JASA 64 (1969); NIST/SEMATECH e-Handbook 7.2.6.3.
    """
    free = count - 1
    reached = stats.norm.ppf((1 + COVERAGE) / 2) * math.sqrt(1 + 1 / count)
    return float(reached * math.sqrt(free / stats.chi2.ppf(1 - CONFIDENCE, free)))


def again_as_usual(known: Usual, bills_uj: Sequence[int]) -> bool:
    """The one retry: the median of AGAIN bills."""
    return known.holds(statistics.median(bills_uj))
