"""U (k=2) of an entry's joules on a measured board: the geometric mean of its runs' bills, each with its own U. It knows no rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot, sqrt


@dataclass(frozen=True, slots=True)
class Bill:
    """A run's bill with its U, absolute and on its host; microjoules."""

    energy_uj: int
    expanded_uj: int | None
    on_host_uj: int


@dataclass(frozen=True, slots=True)
class RelativeDoubt:
    """U over the mean. ``absolute`` is None where one run's meter was uncalibrated."""

    absolute: float | None
    on_host: float


def of_mean(bills: Iterable[Bill]) -> RelativeDoubt | None:
    """Of the geometric mean of bills: what differs from run to run adds up in squares, the gain is common to all. None for no bills."""
    bills = list(bills)
    if not bills:
        return None
    on_host = sqrt(sum((each.on_host_uj / each.energy_uj) ** 2 for each in bills)) / len(bills)
    gains = [sqrt(max(each.expanded_uj**2 - each.on_host_uj**2, 0)) / each.energy_uj for each in bills if each.expanded_uj is not None]
    absolute = hypot(on_host, sum(gains) / len(gains)) if len(gains) == len(bills) else None
    return RelativeDoubt(absolute, on_host)
