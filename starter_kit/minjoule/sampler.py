"""When a window's meters are read: as often as it takes to catch their ticks at the borders, and a few times a second between.

It keeps every reading and a running bill for the live view; the true bill is ``minjoule.window.measure``'s. It knows no box's fate.
"""

import random
import time

from minjoule.box import Box
from minjoule.curve import step
from minjoule.joint_meter import members_of
from minjoule.meter import GRAIN_NS, Channel, Kind, Meter, MeterFault, Reading, Reason
from minjoule.window import Trace, Window

TRIES_PER_TICK = 100
PERIODS_TO_A_TICK = 10
LEAST_PATIENCE_S = 2.0
LEAST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.01


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
        self._by_period = sorted(self._members, key=lambda member: member.facts.update_s)
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

    def catch(self, *, before_gate: bool = False) -> None:
        """Read each meter until it has told something new: a tick of each counter that ticks, a sample of power of after this call.

        The meter with the shortest period is read nearest to the border: last before the gate, first after it and at the end.
        Raises MeterFault where one stands still.
        """
        for member in reversed(self._by_period) if before_gate else self._by_period:
            self._catch(member)

    def _catch(self, member: Meter) -> None:
        called_ns = time.monotonic_ns()
        due = {channel.name: channel for channel in member.channels if channel.kind is Kind.POWER or channel.update_ns}
        pause_s = min((channel.update_ns for channel in due.values()), default=0) / 1e9 / TRIES_PER_TICK or LEAST_PAUSE_S
        patience_s = max(PERIODS_TO_A_TICK * max((channel.update_ns for channel in due.values()), default=0) / 1e9, LEAST_PATIENCE_S)
        started: dict[str, int] = {}
        while True:
            for reading in self._keep(member.read(self._box)):
                channel, raw = due.get(reading.channel), started.setdefault(reading.channel, reading.raw)
                if channel and (reading.before_ns >= called_ns - GRAIN_NS if channel.kind is Kind.POWER else reading.raw != raw):
                    del due[reading.channel]
            if not due:
                return
            if time.monotonic_ns() - called_ns > patience_s * 1e9:
                name = min(due)
                detail = f"counter {name} stood still at {started.get(name)} for {patience_s:g} s"
                raise MeterFault(detail, Reason.FROZEN, "Look at the meter")
            time.sleep(min(pause_s, LONGEST_PAUSE_S))

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
