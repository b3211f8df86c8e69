"""When a window's meters are read: as often as it takes to catch their ticks at the borders, and a few times a second between.

It keeps every reading and a running bill for the live view; the true bill is ``minjoule.window.measure``'s. It knows no box's fate.
"""

import random
import time

from minjoule.box import Box
from minjoule.curve import step
from minjoule.joint_meter import members_of
from minjoule.meter import Channel, Kind, Meter, MeterFault, Reading, Reason
from minjoule.window import Trace, Window

TRIES_PER_TICK = 100
PERIODS_TO_A_TICK = 10
LEAST_TO_A_TICK_S = 0.5


class Sampler:
    """Reads the meters of one window into ``readings``, oldest first."""

    def __init__(self, meter: Meter, box: Box) -> None:
        self.readings: list[Reading] = []
        self.live_uj = 0
        self._meter, self._box = meter, box
        self._members = members_of(meter)
        self._channels = {channel.name: channel for channel in meter.channels}
        self._last: dict[str, Reading] = {}
        self._update_s = [member.facts.update_s for member in self._members]
        self._read_at = [0.0] * len(self._members)
        self._dither = random.Random()  # noqa: S311 - it spreads samples so that no rhythm of the entrant's is in step with them

    @property
    def whole_machine(self) -> bool:
        """Whether anything but the box's own account is read: then borders and idle power matter."""
        return any(channel.kind is not Kind.BOX for channel in self._channels.values())

    def sweep(self, *, hurry: bool = True) -> None:
        """Read every meter; without hurry only those whose next value is due. Raises MeterFault."""
        for place, member in enumerate(self._members):
            now = time.monotonic()
            if hurry or now - self._read_at[place] >= 0.8 * self._update_s[place]:
                self._read_at[place] = now
                self._keep(member.read(self._box))

    def catch(self) -> None:
        """Read each meter until every counter of it that ticks has ticked. Raises MeterFault where one stands still."""
        for member in self._members:
            due = {channel.name for channel in member.channels if channel.kind is Kind.COUNTER and channel.update_ns}
            periods = [self._channels[name].update_ns for name in due]
            started = {reading.channel: reading.raw for reading in self._keep(member.read(self._box))}
            give_up = time.monotonic() + max(PERIODS_TO_A_TICK * max(periods, default=0) / 1e9, LEAST_TO_A_TICK_S)
            while due:
                if time.monotonic() > give_up:
                    name = min(due)
                    limit = f"{PERIODS_TO_A_TICK} of its periods of {self._channels[name].update_ns / 1e9:g} s"
                    raise MeterFault(f"counter {name} stood still at {started[name]} for {limit}: look at the meter", Reason.FROZEN)
                time.sleep(min(periods) / 1e9 / TRIES_PER_TICK)
                due -= {each.channel for each in self._keep(member.read(self._box)) if each.raw != started[each.channel]}

    def dithered(self, seconds: float) -> float:
        """A pause around ``seconds``."""
        return seconds * self._dither.uniform(0.7, 1.3)

    def trace(self, window: Window) -> Trace:
        """Everything read so far, with the window's borders."""
        return Trace(window, self._meter.facts.name, self._meter.channels, tuple(self.readings))

    def forget_live(self) -> None:
        """The live bill starts now."""
        self.live_uj = 0

    def _keep(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        for reading in readings:
            channel, last = self._channels[reading.channel], self._last.get(reading.channel)
            if last is not None and channel.billed:
                self.live_uj += roughly_uj(channel, last, reading)
            self._last[reading.channel] = reading
        self.readings += readings
        return readings


def roughly_uj(channel: Channel, earlier: Reading, later: Reading) -> int:
    """Energy between two readings, rounded: good enough to watch. Raises MeterFault where a counter was set back."""
    if channel.kind is Kind.POWER:
        doubled = (earlier.raw + later.raw) * (later.before_ns - earlier.before_ns)
        return doubled * channel.uj_numerator // (channel.uj_denominator * 2 * 10**9)
    return step(channel, earlier.raw, later.raw) * channel.uj_numerator // channel.uj_denominator
