"""From a trace of raw readings to the energy of a window and its uncertainty, exactly, in integer microjoules.

Pure arithmetic: replaying a stored trace gives the same joules bit for bit. It knows no instrument and no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from minjoule.curve import part_between, unwrapped
from minjoule.meter import Channel, Kind, Reading
from minjoule.uncertainty import Doubt, Part, budget
from minjoule.void import refuse, refuse_nesting


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
    """Everything the meters said about one window, oldest first; ``readings`` hold every channel, and go beyond the borders.

    Several meters of a run share a trace: their channels are named "meter/channel".
    """

    window: Window
    meter: str
    channels: tuple[Channel, ...]
    readings: tuple[Reading, ...]

    def of(self, channel: Channel) -> tuple[Reading, ...]:
        """One channel's readings."""
        return tuple(reading for reading in self.readings if reading.channel == channel.name)


@dataclass(frozen=True, slots=True)
class Column:
    """Energy of one channel over the window, microjoules, billed or beside the bill."""

    channel: str
    energy_uj: int
    billed: bool


@dataclass(frozen=True, slots=True)
class MeterEnergy:
    """Energy of one meter, all its channels together, over the window: microjoules, billed or beside the bill."""

    meter: str
    energy_uj: int
    billed: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    """Energy over a window, whole microjoules.

    Attributes:
        energy_uj: the billed channels together, rounded half to even once.
        expanded_uj: U (k=2) as an absolute figure; None where a gain is uncalibrated, or the figure is a model's.
        on_host_uj: U (k=2) without the gain, for comparing runs on one host; None where the figure is a model's.
        doubts: what U is made of, term by term.
        columns: every channel.
        meters: every meter, in the order of the channels; of a bill that several make up, each one's part.
    """

    window: Window
    energy_uj: int
    expanded_uj: int | None
    on_host_uj: int | None = None
    doubts: tuple[Doubt, ...] = ()
    columns: tuple[Column, ...] = ()
    meters: tuple[MeterEnergy, ...] = ()

    def shared(self, boxes: int) -> "Measurement":
        """One box's part of a window that ``boxes`` shared: energies rounded half to even, doubts rounded up."""
        if boxes == 1:
            return self
        return replace(
            self,
            energy_uj=round(Fraction(self.energy_uj, boxes)),
            expanded_uj=None if self.expanded_uj is None else -(-self.expanded_uj // boxes),
            on_host_uj=None if self.on_host_uj is None else -(-self.on_host_uj // boxes),
            doubts=tuple(replace(each, standard_uj=-(-each.standard_uj // boxes)) for each in self.doubts),
            columns=tuple(replace(each, energy_uj=round(Fraction(each.energy_uj, boxes))) for each in self.columns),
            meters=tuple(replace(each, energy_uj=round(Fraction(each.energy_uj, boxes))) for each in self.meters),
        )


def measure(trace: Trace) -> Measurement:
    """The bill of a trace: the one way from readings to joules, for the judge, for the entrant's trial and for whoever checks them.

    Raises MeterFault where a channel is silent, frozen, set back or otherwise not to be believed: then there's no figure.
    """
    parts = {channel: checked_part(trace, channel) for channel in trace.channels}
    check_nesting(parts)
    billed = {channel: part for channel, part in parts.items() if channel.billed}
    energy_uj = round(sum((part.energy_uj for part in billed.values()), Fraction(0)))
    columns = tuple(Column(channel.name, round(part.energy_uj), channel.billed) for channel, part in parts.items())
    meters = by_meter(trace, parts)
    if any(channel.kind is Kind.BOX for channel in billed):
        return Measurement(trace.window, energy_uj, None, columns=columns, meters=meters)
    known = budget((meter_of(channel), channel.gain_ppm, part) for channel, part in billed.items())
    return Measurement(trace.window, energy_uj, known.expanded_uj, known.on_host_uj, known.doubts, columns, meters)


def by_meter(trace: Trace, parts: Mapping[Channel, Part]) -> tuple[MeterEnergy, ...]:
    """Each meter's energy, rounded once. A channel that names no meter is the bill's own, or beside it a meter of that name."""
    sums: dict[tuple[str, bool], Fraction] = {}
    for channel, part in parts.items():
        key = (meter_of(channel) or (trace.meter if channel.billed else channel.name), channel.billed)
        sums[key] = sums.get(key, Fraction(0)) + part.energy_uj
    return tuple(MeterEnergy(meter, round(energy_uj), billed) for (meter, billed), energy_uj in sums.items())


def check_nesting(parts: Mapping[Channel, Part]) -> None:
    """Every meter at the wall against the counters of the machine behind it. Raises MeterFault."""
    inside = [(meter_of(channel), channel.gain_ppm, part) for channel, part in parts.items() if channel.kind is Kind.COUNTER]
    for channel, part in parts.items():
        if channel.encloses and inside:
            doubt_uj = budget([(meter_of(channel), channel.gain_ppm, part), *inside]).on_host_uj
            inside_uj = round(sum((each.energy_uj for _, _, each in inside), Fraction(0)))
            refuse_nesting(channel.name, round(part.energy_uj), inside_uj, doubt_uj)


def checked_part(trace: Trace, channel: Channel) -> Part:
    """A channel's energy over the window, if it can be believed. Raises MeterFault."""
    readings = trace.of(channel)
    refuse(channel, readings)
    return part_between(channel, readings, trace.window.begin_ns, trace.window.end_ns)


def energy_uj(trace: Trace) -> int:
    """Energy of the window, microjoules. Raises MeterFault."""
    return measure(trace).energy_uj


def mean_power_uw(trace: Trace, window: Window) -> int:
    """Mean power of the billed channels over a part of the trace (an idle band, say), microwatts. Raises MeterFault."""
    billed = [channel for channel in trace.channels if channel.billed]
    parts = [part_between(channel, trace.of(channel), window.begin_ns, window.end_ns).energy_uj for channel in billed]
    return round(sum(parts, Fraction(0)) * 10**9 / (window.end_ns - window.begin_ns))


def counts(channel: Channel, raws: list[int]) -> int:
    """Counts from the first to the last raw value, over wraps. Raises MeterFault."""
    return unwrapped(channel, raws)[-1]


def meter_of(channel: Channel) -> str:
    """The meter that a channel of a shared trace belongs to; channels of one meter share its gain."""
    return channel.name.partition("/")[0] if "/" in channel.name else ""
