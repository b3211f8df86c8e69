"""A meter that replays counts, and then breaks if it's told to."""

import itertools
import time
from dataclasses import replace

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from tests.fakes.simulated import MS


class ReplayMeter:
    """Every read goes up by the next of ``steps`` microjoules (the last is repeated); read number ``breaks_at`` fails."""

    channels = (Channel("replay", 1, 1),)
    facts = MeterFacts("replay", "node-cpu", False, "a script", 0.0, None, "replayed")

    def __init__(self, *steps: int, breaks_at: int | None = None) -> None:
        self._steps = itertools.chain(steps[:-1], itertools.repeat(steps[-1]))
        self._breaks_at = breaks_at
        self._raw = 0
        self.reads = 0

    def read(self, box: Box) -> tuple[Reading, ...]:
        self.reads += 1
        if self.reads == self._breaks_at:
            raise MeterFault("the replayed meter fell silent")
        self._raw += next(self._steps)
        at = time.monotonic_ns()
        return (Reading("replay", at, at, self._raw),)

    def admit(self) -> None:
        """A script has no device."""


class LiveMeter:
    """A machine's counter that ticks by the real clock and draws ``watts``, which a test may change while it runs."""

    facts = MeterFacts("live", "node-cpu", False, "a machine", 0.005, None, "simulated")
    channels = (Channel("live/machine", 1, 1, kind=Kind.COUNTER, update_ns=5 * MS, jitter_ns=MS, least_uw=1_000_000, most_uw=500_000_000),)

    def __init__(self, watts: float = 50) -> None:
        self._watts, self._since_ns, self._uj = watts, time.monotonic_ns(), 0.0
        self.strangers = 0
        self.stands_still = False
        self.admitted = 0
        self._tick_ns = 5 * MS

    def tick(self, ms: int) -> None:
        """A meter of another name that ticks at another pace."""
        self._tick_ns = ms * MS
        self.facts = replace(self.facts, name=f"live-{ms}", update_s=ms / 1000)
        self.channels = (replace(self.channels[0], name=f"live-{ms}/machine", update_ns=ms * MS, jitter_ns=MS),)

    @property
    def watts(self) -> float:
        return self._watts

    @watts.setter
    def watts(self, watts: float) -> None:
        now_ns = time.monotonic_ns()
        self._uj, self._since_ns, self._watts = self.energy_uj(now_ns), now_ns, watts

    def energy_uj(self, at_ns: int) -> float:
        return self._uj + self._watts * (at_ns - self._since_ns) / 1000

    def read(self, box: Box) -> tuple[Reading, ...]:
        return (take(self.channels[0].name, self._raw),)

    def _raw(self) -> int:
        if self.stands_still:
            return 0
        return int(self.energy_uj(max(time.monotonic_ns() // self._tick_ns * self._tick_ns, self._since_ns)))

    def admit(self) -> None:
        self.admitted += 1
        if self.strangers:
            self.strangers -= 1
            raise MeterFault("somebody else's process 1 is on it", Reason.FOREIGN_PROCESS)


class LivePlug(LiveMeter):
    """The same machine at the wall: sampled power."""

    channels = (Channel("live/machine", 1, 1, kind=Kind.POWER, most_uw=500_000_000),)

    def _raw(self) -> int:
        return int(self._watts * 1e6)
