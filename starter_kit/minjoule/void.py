"""What voids a trace: signs that a meter's word can't be taken. Void, never wrong: each raises MeterFault with its reason.

It judges the readings alone, so whoever recomputes a stored trace refuses what the judge would have refused.
"""

from collections.abc import Sequence
from itertools import pairwise

from minjoule.curve import unwrapped
from minjoule.meter import Channel, Kind, MeterFault, Reading, Reason

NS = 10**9
COUNTER_GAP_NS = 15 * NS
"""A counter goes on counting while nobody looks; longer than this, whatever looks has hung."""
POWER_GAP_PERIODS, POWER_GAP_NS = 5, 3 * NS
"""Of sampled power nothing is known in between."""
FROZEN_PERIODS, FROZEN_NS = 10, NS // 2
IDLE_DRIFT_PERCENT = 5
LEAST_WALL_PERCENT = 85
"""Plugs have been seen to say up to 15 % too little at low load."""


def refuse(channel: Channel, readings: Sequence[Reading]) -> None:
    """One channel's readings, oldest first, against every rule. Raises MeterFault."""
    if len(readings) < 2:
        raise MeterFault(f"counter {channel.name} gave {len(readings)} readings, 2 are needed: the run is void", Reason.SILENT)
    refuse_clock(channel, readings)
    refuse_gaps(channel, readings)
    if channel.kind is Kind.POWER:
        refuse_samples(channel, readings)
    elif channel.kind is Kind.COUNTER:
        totals = unwrapped(channel, [reading.raw for reading in readings])
        refuse_frozen(channel, readings, totals)
        refuse_leaps(channel, readings, totals)
        refuse_starved(channel, readings, totals)
    else:
        unwrapped(channel, [reading.raw for reading in readings])


def refuse_clock(channel: Channel, readings: Sequence[Reading]) -> None:
    """Every reading ends after it begins, and after the one before."""
    for each in readings:
        if each.after_ns < each.before_ns:
            raise MeterFault(f"a reading of {channel.name} ended {each.before_ns - each.after_ns} ns before it began", Reason.CLOCK_STEP)
    for earlier, later in pairwise(readings):
        if later.before_ns < earlier.before_ns:
            back_ns = earlier.before_ns - later.before_ns
            raise MeterFault(f"the clock of {channel.name} stepped back by {back_ns} ns: the run is void", Reason.CLOCK_STEP)


def refuse_gaps(channel: Channel, readings: Sequence[Reading]) -> None:
    """No silence longer than what may pass unseen, nor one in which a counter could wrap twice. The box's own counter may be silent."""
    if channel.kind is Kind.BOX:
        return
    longest = max(POWER_GAP_PERIODS * channel.update_ns, POWER_GAP_NS) if channel.kind is Kind.POWER else COUNTER_GAP_NS
    if channel.wraps_at is not None and channel.most_uw:
        wrap_uj = channel.wraps_at * channel.uj_numerator // channel.uj_denominator
        longest = min(longest, wrap_uj * NS // channel.most_uw)
    for earlier, later in pairwise(readings):
        silent_ns = later.before_ns - earlier.after_ns
        if silent_ns > longest:
            raise MeterFault(f"{channel.name} wasn't read for {silent_ns / NS:.3f} s, {longest / NS:.3f} s are allowed", Reason.GAP)


def refuse_samples(channel: Channel, readings: Sequence[Reading]) -> None:
    """Every sample of power lies between what the device draws at least and at most."""
    for each in readings:
        power_uw = each.raw * channel.uj_numerator // channel.uj_denominator
        if power_uw < channel.least_uw or (channel.most_uw is not None and power_uw > channel.most_uw):
            raise bounds_fault(channel, power_uw)


def refuse_frozen(channel: Channel, readings: Sequence[Reading], totals: Sequence[int]) -> None:
    """A device that draws power counts; one that stands still for many periods is frozen."""
    allowed_ns = max(FROZEN_PERIODS * channel.update_ns, FROZEN_NS)
    since = 0
    for place in range(1, len(readings)):
        if totals[place] != totals[since]:
            since = place
        elif readings[place].before_ns - readings[since].after_ns > allowed_ns:
            stood_s, limit_s = (readings[place].before_ns - readings[since].after_ns) / NS, allowed_ns / NS
            detail = f"stood still at {readings[place].raw} for {stood_s:.3f} s, {limit_s:.3f} s are allowed"
            raise MeterFault(f"counter {channel.name} {detail}", Reason.FROZEN)


def refuse_leaps(channel: Channel, readings: Sequence[Reading], totals: Sequence[int]) -> None:
    """No step brings more than the device's greatest power over the time, with a period of delay, allows.

    A counter with a modulus that was set back looks like one that wrapped, with an energy that can't be.
    """
    if channel.most_uw is None:
        return
    for place, (earlier, later) in enumerate(pairwise(readings)):
        took_ns = later.after_ns - earlier.before_ns + channel.update_ns + channel.jitter_ns
        counts = totals[place + 1] - totals[place]
        if counts * channel.uj_numerator * NS > channel.most_uw * took_ns * channel.uj_denominator:
            if later.raw < earlier.raw:
                detail = f"{later.raw} after {earlier.raw} can't be a wrap in {took_ns / NS:.3f} s"
                raise MeterFault(f"counter {channel.name} was set back: {detail}", Reason.RESET)
            raise bounds_fault(channel, counts * channel.uj_numerator * NS // (channel.uj_denominator * took_ns))


def refuse_starved(channel: Channel, readings: Sequence[Reading], totals: Sequence[int]) -> None:
    """Over the whole trace the device drew at least what it always draws."""
    surely_ns = readings[-1].before_ns - readings[0].after_ns - channel.update_ns - channel.jitter_ns
    if surely_ns > 0 and totals[-1] * channel.uj_numerator * NS < channel.least_uw * surely_ns * channel.uj_denominator:
        raise bounds_fault(channel, totals[-1] * channel.uj_numerator * NS // (channel.uj_denominator * surely_ns))


def refuse_idle_drift(before_uw: int, after_uw: int) -> None:
    """The machine came back to the idle power it had before."""
    if abs(after_uw - before_uw) * 100 > IDLE_DRIFT_PERCENT * before_uw:
        detail = f"{before_uw / 1e6:.3f} W before and {after_uw / 1e6:.3f} W after the window, {IDLE_DRIFT_PERCENT} % are allowed"
        raise MeterFault(f"idle power was {detail}", Reason.UNQUIET)


def refuse_unusual_idle(idle_uw: int, usual: tuple[int, int] | None) -> None:
    """The machine idles as it always did: ``usual`` is its mean and how far it may stray, microwatts."""
    if usual is not None and abs(idle_uw - usual[0]) > usual[1]:
        detail = f"{idle_uw / 1e6:.3f} W before the window, {usual[0] / 1e6:.3f} W +- {usual[1] / 1e6:.3f} W are usual here"
        raise MeterFault(f"idle power was {detail}: something else runs, or the machine has changed", Reason.IDLE_DRIFT)


def refuse_nesting(wall: str, wall_uj: int, inside_uj: int, doubt_uj: int) -> None:
    """A meter at the wall says at least what the meters behind it say, less both doubts (U) and a plug's known error at low load."""
    if wall_uj + doubt_uj < LEAST_WALL_PERCENT * inside_uj // 100:
        detail = f"{wall} says {wall_uj / 1e6:.3f} J, the meters behind it say {inside_uj / 1e6:.3f} J (U = {doubt_uj / 1e6:.3f} J)"
        raise MeterFault(f"{detail}: is it on this machine?", Reason.NESTING, "Look at the plug, then calibrate this host")


def bounds_fault(channel: Channel, power_uw: int) -> MeterFault:
    """The fault of a power that the device can't have drawn."""
    most = "any" if channel.most_uw is None else f"{channel.most_uw / 1e6:g} W"
    said = f"{channel.name} says {power_uw / 1e6:.3f} W, between {channel.least_uw / 1e6:g} W and {most} are possible"
    return MeterFault(f"{said}: look at the meter or at its limits in the settings", Reason.POWER_BOUNDS)
