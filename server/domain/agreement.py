"""Whether two sets of runs of one submission, on two hosts or by two occasions, tell the same joules."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.welch import LOG_MARGIN, Arm, p_lower

ALPHA = 0.01


@dataclass(frozen=True, slots=True)
class Bill:
    """A run's energy and its U (k=2); None where the meter states none: then spread alone decides."""

    energy_uj: int
    expanded_uj: int | None


def disagreement(first: Sequence[Bill], again: Sequence[Bill]) -> str | None:
    """A sentence where they differ beyond U, beyond 1 % and beyond their spread (Welch, two-sided p < 0.01); None where they agree.

    Raises ValueError where either has fewer than two runs.
    """
    if min(len(first), len(again)) < 2:
        raise ValueError(f"{len(first)} and {len(again)} runs can't be compared: two of each are due")
    arms = [arm_of(bills) for bills in (first, again)]
    apart = arms[1].mean - arms[0].mean
    allowed = max(LOG_MARGIN, math.hypot(relative_u(first), relative_u(again)))
    p = 2 * min(float(p_lower(arms[0], arms[1])), float(p_lower(arms[1], arms[0])))
    if abs(apart) <= allowed or p >= ALPHA:
        return None
    joules = [math.exp(arm.mean) for arm in arms]
    return (
        f"{joules[0]:.4g} J at first, {joules[1]:.4g} J again: {math.expm1(apart):+.1%}, allowed is {math.expm1(allowed):.1%}; p = {p:.1g}"
    )


def arm_of(bills: Sequence[Bill]) -> Arm:
    """Log joules."""
    logs = [math.log(bill.energy_uj / 1e6) for bill in bills]
    return Arm(math.fsum(logs) / len(logs), statistics.stdev(logs), len(logs))


def relative_u(bills: Sequence[Bill]) -> float:
    """Mean relative U; 0 where none is stated."""
    return statistics.fmean((bill.expanded_uj or 0) / bill.energy_uj for bill in bills)
