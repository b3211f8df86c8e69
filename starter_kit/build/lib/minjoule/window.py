"""From a trace of raw readings to the energy of a window, exactly, in integer microjoules.

Pure arithmetic: replaying a stored trace gives the same joules bit for bit. It knows no instrument and no clock.
"""

from dataclasses import dataclass
from fractions import Fraction

from minjoule.meter import Channel, MeterFault, Reading


@dataclass(frozen=True, slots=True)
class Window:
    """Begin and end on the host's monotonic clock, nanoseconds."""

    begin_ns: int
    end_ns: int

    @property
    def wall_s(self) -> float:
        """Length in seconds."""
        return (self.end_ns - self.begin_ns) / 1e9


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything a meter said about one window, oldest first; ``readings`` hold every channel."""

    meter: str
    channels: tuple[Channel, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Energy over a window: whole microjoules, and U (k=2) in microjoules, None where no uncertainty is known."""

    window: Window
    energy_uj: int
    expanded_uj: int | None


def counts(channel: Channel, raws: list[int]) -> int:
    """Counts from the first to the last raw value, over any number of wraps of at most one a step.

    Raises MeterFault when a counter that doesn't wrap goes backwards, or a value is outside the counter's range.
    """
    total = 0
    for previous, current in zip(raws, raws[1:], strict=False):
        step = current - previous
        if step < 0:
            if channel.wraps_at is None:
                raise MeterFault(f"counter {channel.name} went backwards, from {previous} to {current}: the run is void")
            if not 0 <= current < channel.wraps_at or previous >= channel.wraps_at:
                raise MeterFault(f"counter {channel.name} read {current}, outside its range of {channel.wraps_at}")
            step += channel.wraps_at
        total += step
    return total


def energy_uj(trace: Trace) -> int:
    """Energy from the first to the last reading of every channel, microjoules, rounded half to even once.

    The judge reads at the borders, so the trace's ends are the window's ends. Raises MeterFault on a channel
    with fewer than two readings: a silent meter voids a run.
    """
    total = Fraction(0)
    for channel in trace.channels:
        raws = [reading.raw for reading in trace.readings if reading.channel == channel.name]
        if len(raws) < 2:
            raise MeterFault(f"counter {channel.name} of meter {trace.meter} gave {len(raws)} readings, 2 are needed")
        total += Fraction(counts(channel, raws) * channel.uj_numerator, channel.uj_denominator)
    return round(total)
