"""Power over time from a trace, for the eye: floating point, evened out over cells. The bill isn't made from it."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise

from minjoule.curve import fresh, ticks, unwrapped
from minjoule.meter import Channel, Kind, Reading
from minjoule.window import Trace

MOST_CELLS = 600


@dataclass(frozen=True, slots=True)
class PowerSeries:
    """One channel's mean power in equal cells.

    Attributes:
        begins_s: when the first cell begins, seconds from the window's begin (idle bands come before 0).
        cell_s: length of a cell, seconds; 0 where there's nothing to show.
        watts: mean power of each cell.
    """

    channel: str
    billed: bool
    begins_s: float
    cell_s: float
    watts: tuple[float, ...]


def power_series(trace: Trace, most_cells: int = MOST_CELLS) -> tuple[PowerSeries, ...]:
    """Every channel of a trace that can be believed, idle bands included. Raises MeterFault where one was set back."""
    return tuple(series_of(channel, trace.of(channel), trace.window.begin_ns, most_cells) for channel in trace.channels)


def series_of(channel: Channel, readings: tuple[Reading, ...], begin_ns: int, most_cells: int) -> PowerSeries:
    """One channel's."""
    times, sums = summed(channel, readings)
    if len(times) < 2 or times[-1] <= times[0]:
        return PowerSeries(channel.name, channel.billed, 0.0, 0.0, ())
    cells = min(most_cells, len(times) - 1)
    length_s = times[-1] - times[0]
    heights = [height_at(times, sums, times[0] + length_s * cell / cells) for cell in range(cells + 1)]
    watts = tuple((later - earlier) * cells / length_s for earlier, later in pairwise(heights))
    return PowerSeries(channel.name, channel.billed, times[0] - begin_ns / 1e9, length_s / cells, watts)


def summed(channel: Channel, readings: tuple[Reading, ...]) -> tuple[list[float], list[float]]:
    """Instants (seconds) and the joules since the first of them."""
    ratio = channel.uj_numerator / channel.uj_denominator / 1e6
    middles = [(each.before_ns + each.after_ns) / 2e9 for each in readings]
    if channel.kind is Kind.POWER:
        pairs = zip(pairwise(middles), pairwise(readings), strict=True)
        parts = [(later - earlier) * (one.raw + other.raw) / 2 * ratio for (earlier, later), (one, other) in pairs]
        return middles, list(accumulate(parts, initial=0.0))
    totals = unwrapped(channel, [each.raw for each in readings])
    knots = ticks(channel, readings, totals) if channel.update_ns else fresh(readings, totals)
    return [knot.twice_at / 4e9 for knot in knots], [knot.count * ratio for knot in knots]


def height_at(times: list[float], sums: list[float], instant: float) -> float:
    """The sum at an instant, between the two around it."""
    place = min(max(bisect_right(times, instant), 1), len(times) - 1)
    span = times[place] - times[place - 1]
    part = (instant - times[place - 1]) / span if span > 0 else 1.0
    return sums[place - 1] + (sums[place] - sums[place - 1]) * part
