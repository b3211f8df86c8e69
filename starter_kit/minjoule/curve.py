"""The energy of one channel between two instants, exactly, with what is known of its error. It knows no instrument and no bill.

A device's counter stands still between its ticks, so what it says at a border is old. The ticks around the border are found
from the readings (each lies between the last reading before a change and the first one after it), and the counter is taken
to rise evenly between them. How wrong that may be is bounded by what the device can draw at most and at least.
Times are handled in half nanoseconds, so that midpoints are whole numbers.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise

from minjoule.meter import Channel, Kind, MeterFault, Reading, Reason
from minjoule.uncertainty import Part, Term, bound

HALVES_PER_S = 2 * 10**9
Rational = int | Fraction


@dataclass(frozen=True, slots=True)
class Knot:
    """The counter had just reached ``count`` at some instant from ``low`` to ``high`` (half nanoseconds).

    ``seen_within`` is the distance of the two readings between which it changed.
    """

    low: int
    high: int
    count: int
    seen_within: int = 0

    @property
    def twice_at(self) -> int:
        """Twice the best estimate of the instant."""
        return self.low + self.high


def part_between(channel: Channel, readings: Sequence[Reading], begin_ns: int, end_ns: int) -> Part:
    """Energy from ``begin_ns`` to ``end_ns``. ``readings`` are this channel's, oldest first. Raises MeterFault."""
    if len(readings) < 2:
        raise MeterFault(f"counter {channel.name} gave {len(readings)} readings, 2 are needed", Reason.SILENT)
    if channel.kind is Kind.POWER:
        return power_between(channel, readings, begin_ns, end_ns)
    totals = unwrapped(channel, [reading.raw for reading in readings])
    steps = Fraction(channel.resolution * channel.uj_numerator, channel.uj_denominator)
    resolution = {Term.RESOLUTION: steps * steps / 6}
    if channel.kind is Kind.BOX:
        return Part(Fraction(totals[-1] * channel.uj_numerator, channel.uj_denominator), resolution)
    knots = ticks(channel, readings, totals) if channel.update_ns else fresh(readings, totals)
    begin, end = at_instant(channel, knots, 2 * begin_ns), at_instant(channel, knots, 2 * end_ns)
    doubts = {term: begin.variances[term] + end.variances[term] for term in begin.variances}
    return Part(end.energy_uj - begin.energy_uj, doubts | resolution)


def unwrapped(channel: Channel, raws: Sequence[int]) -> list[int]:
    """Counts since the first raw value, over any number of wraps of at most one a step.

    Raises MeterFault when a counter that doesn't wrap goes backwards, or a value is outside the counter's range.
    """
    return list(accumulate((step(channel, *pair) for pair in pairwise(raws)), initial=0))


def step(channel: Channel, previous: int, current: int) -> int:
    """Counts from one raw value to the next. Raises MeterFault."""
    if channel.wraps_at is None:
        if current < previous:
            reason = Reason.RESET if current * 10 < previous else Reason.BACKWARDS
            how = "started anew" if reason is Reason.RESET else "went backwards"
            raise MeterFault(f"counter {channel.name} {how}, from {previous} to {current}: the run is void", reason)
        return current - previous
    for raw in (previous, current):
        if not 0 <= raw < channel.wraps_at:
            raise MeterFault(f"counter {channel.name} read {raw}, outside its range of {channel.wraps_at}", Reason.RESET)
    return (current - previous) % channel.wraps_at


def fresh(readings: Sequence[Reading], totals: Sequence[int]) -> list[Knot]:
    """Knots of a counter that is up to date at every read."""
    return [Knot(2 * each.before_ns, 2 * each.after_ns, total) for each, total in zip(readings, totals, strict=True)]


def ticks(channel: Channel, readings: Sequence[Reading], totals: Sequence[int]) -> list[Knot]:
    """Knots of a counter that ticks: where its value was seen to change. The last tick before a read is at most a period old."""
    longest = channel.update_ns + channel.jitter_ns
    knots = []
    for place, (earlier, later) in enumerate(pairwise(readings)):
        if totals[place] != totals[place + 1]:
            low = max(earlier.before_ns, later.before_ns - longest)
            knots.append(Knot(2 * low, 2 * later.after_ns, totals[place + 1], 2 * (later.after_ns - earlier.before_ns)))
    return knots


def at_instant(channel: Channel, knots: Sequence[Knot], instant: int) -> Part:
    """Energy since the first reading at an instant (half nanoseconds), with the variances of that border. Raises MeterFault."""
    place = bisect_right(knots, 2 * instant, key=lambda knot: knot.twice_at)
    if place == len(knots) and knots and knots[-1].twice_at == 2 * instant:
        place -= 1
    if not 0 < place < len(knots):
        side = "before" if place == 0 else "after"
        raise MeterFault(f"counter {channel.name} was never seen to change {side} the instant {instant // 2} ns", Reason.GAP)
    before, after = sharpened(channel, knots[place - 1], knots[place])
    span = max(Fraction(after.twice_at - before.twice_at, 2), Fraction(1))
    fraction = min(max((instant - Fraction(before.twice_at, 2)) / span, Fraction(0)), Fraction(1))
    ratio = Fraction(channel.uj_numerator, channel.uj_denominator)
    rise = (after.count - before.count) * ratio
    clock = ((1 - fraction) * (before.high - before.low)) ** 2 + (fraction * (after.high - after.low)) ** 2
    variances = {
        Term.QUANTISATION: bound(farthest(channel, rise, span, fraction)),
        Term.CLOCK: bound(rise / span / 2) * clock,
    }
    return Part(before.count * ratio + rise * fraction, variances)


def sharpened(channel: Channel, before: Knot, after: Knot) -> tuple[Knot, Knot]:
    """Two ticks in a row are a period apart, so each tells when the other was. Left as they are where the period doesn't fit."""
    longest, shortest = 2 * (channel.update_ns + channel.jitter_ns), 2 * (channel.update_ns - channel.jitter_ns)
    if not channel.update_ns or after.seen_within >= shortest:
        return before, after
    earlier = replace(before, low=max(before.low, after.low - longest), high=min(before.high, after.high - shortest))
    later = replace(after, low=max(after.low, before.low + shortest), high=min(after.high, before.high + longest))
    return (earlier, later) if earlier.low <= earlier.high and later.low <= later.high else (before, after)


def farthest(channel: Channel, rise: Fraction, span: Fraction, fraction: Fraction) -> Fraction:
    """How far, in microjoules, the truth can be from even interpolation within a span that rose by ``rise``.

    At a fraction f of the span the device has spent at least what its least draw takes, and left no more than its greatest
    can still bring; at worst (most - least) * span / 4. Where its greatest isn't known, twice the mean stands for it.
    """
    seconds = span / HALVES_PER_S
    most = rise * 2 if channel.most_uw is None else max(channel.most_uw * seconds, rise)
    least = min(channel.least_uw * seconds, rise)
    above = min(most * fraction, rise - least * (1 - fraction)) - rise * fraction
    below = rise * fraction - max(least * fraction, rise - most * (1 - fraction))
    return max(above, below)


def power_between(channel: Channel, readings: Sequence[Reading], begin_ns: int, end_ns: int) -> Part:
    """Sampled power by the trapezoid rule, borders interpolated. Raises MeterFault."""
    times = [each.before_ns + each.after_ns for each in readings]
    if times[0] > 2 * begin_ns or times[-1] < 2 * end_ns:
        raise MeterFault(f"meter {channel.name} wasn't sampled on both sides of the window", Reason.GAP)
    first, last = bisect_right(times, 2 * begin_ns), bisect_right(times, 2 * end_ns)
    within = [place for place in range(first, last) if times[place] < 2 * end_ns]
    inside: list[tuple[Rational, Rational]] = [(times[place], readings[place].raw) for place in within]
    points = [on_line(times, readings, 2 * begin_ns), *inside, on_line(times, readings, 2 * end_ns)]
    ratio = Fraction(channel.uj_numerator, channel.uj_denominator) / (2 * HALVES_PER_S)
    area = Fraction(sum((one[1] + other[1]) * (other[0] - one[0]) for one, other in pairwise(points)))
    return Part(area * ratio, power_variances(channel, readings, times, points))


def on_line(times: Sequence[int], readings: Sequence[Reading], instant: int) -> tuple[Rational, Rational]:
    """The power at an instant, between the samples around it."""
    place = min(max(bisect_right(times, instant), 1), len(times) - 1)
    span = times[place] - times[place - 1]
    if span <= 0:
        return instant, readings[place].raw
    one, other = readings[place - 1].raw, readings[place].raw
    return instant, one + Fraction((other - one) * (instant - times[place - 1]), span)


def power_variances(
    channel: Channel, readings: Sequence[Reading], times: Sequence[int], points: Sequence[tuple[Rational, Rational]]
) -> dict[Term, Fraction]:
    """Doubts of sampled power.

    Between samples: sigma^2 * D * dt * (1 - observed). At a border the power may have jumped at once or at the last moment,
    and a device that shows the mean of its period hides a swing of up to twice that (power * period / 2).
    All samples are late by up to half of (a period of the device and a round trip), which shifts the window: what differs is the
    power around its borders. The device may round or cut off.
    """
    unit = Fraction(channel.uj_numerator, channel.uj_denominator)
    values = [raw for _, raw in points]
    length = Fraction(points[-1][0] - points[0][0]) / HALVES_PER_S
    mean_square = Fraction(sum(values)) ** 2 / len(values)
    spread = (Fraction(sum(value * value for value in values)) - mean_square) / (len(values) - 1)
    observed = Fraction(1_000_000 - channel.observed_ppm, 1_000_000)
    borders, around, late_ns = Fraction(0), list[int](), 0
    for instant in (points[0][0], points[-1][0]):
        place = min(max(bisect_right(times, instant), 1), len(times) - 1)
        one, other = readings[place - 1], readings[place]
        borders += bound(abs(other.raw - one.raw) * Fraction(times[place] - times[place - 1], 2 * HALVES_PER_S))
        borders += bound(max(one.raw, other.raw) * Fraction(channel.update_ns, 2 * 10**9))
        around += [one.raw, other.raw]
        late_ns = max(late_ns, one.after_ns - one.before_ns, other.after_ns - other.before_ns)
    clock = bound((max(around) - min(around)) * Fraction(channel.update_ns + late_ns, 2 * 10**9))
    sampling = spread * length * (length / (len(points) - 1)) * observed
    resolution = bound(channel.resolution * length)
    found = {Term.SAMPLING: sampling, Term.QUANTISATION: borders, Term.CLOCK: clock, Term.RESOLUTION: resolution}
    return {term: variance * unit * unit for term, variance in found.items()}
