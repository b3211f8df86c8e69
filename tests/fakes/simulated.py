"""A device whose power is known, read by a simulated clock as a window reads it: the truth to hold a measurement against."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from minjoule.meter import GRAIN_NS, Channel, Kind, Reading
from minjoule.window import Trace, Window

MS, SECOND = 10**6, 10**9


class Power:
    """Power over time as steps of (until_ns, watts), repeated for ever; energy in microjoules."""

    def __init__(self, *steps: tuple[int, float]) -> None:
        self.steps = steps
        self._ends = [until for until, _ in steps]
        self._watts = [watts for _, watts in steps]
        starts = [0, *self._ends[:-1]]
        parts = [watts * (end - start) / 1000 for start, end, watts in zip(starts, self._ends, self._watts, strict=True)]
        self._sums = [0.0, *accumulate(parts)]

    def watts(self, at_ns: int) -> float:
        return self._watts[bisect_right(self._ends, at_ns % self._ends[-1])]

    def energy_uj(self, at_ns: int) -> float:
        rounds, rest = divmod(at_ns, self._ends[-1])
        place = bisect_right(self._ends, rest)
        start = self._ends[place - 1] if place else 0
        return rounds * self._sums[-1] + self._sums[place] + self._watts[place] * (rest - start) / 1000


def constant(watts: float) -> Power:
    return Power((SECOND, watts))


def square(period_ns: int, low: float, high: float) -> Power:
    return Power((period_ns // 2, low), (period_ns, high))


def randomly(dice: random.Random, low: float, high: float) -> Power:
    """Anything between two powers: steps of 1 ms to 2 s, smooth, bursty or between, or a square wave."""
    if dice.random() < 0.25:
        return square(dice.choice([10, 33, 100, 200, 1000]) * MS, dice.uniform(low, high), dice.uniform(low, high))
    longest_ns = dice.choice([5 * MS, 50 * MS, 400 * MS, 2 * SECOND])
    ends = accumulate(dice.randint(MS, longest_ns) for _ in range(200))
    return Power(*((end, low + (high - low) * dice.betavariate(0.6, 0.6)) for end in ends))


@dataclass
class Simulated:
    """One channel on a device, with the time that a read takes."""

    channel: Channel
    power: Power
    read_ns: int
    dice: random.Random
    offset: int = 0

    def __post_init__(self) -> None:
        self.now_ns = 10 * SECOND + self.dice.randrange(SECOND)
        self.phase_ns = self.dice.randrange(max(self.channel.update_ns, 1))
        self._jitter: dict[int, int] = {}

    def truth_uj(self, window: Window) -> float:
        return self.power.energy_uj(window.end_ns) - self.power.energy_uj(window.begin_ns)

    def tick_ns(self, number: int) -> int:
        stray = self.channel.jitter_ns // 2
        jitter = self._jitter.setdefault(number, self.dice.randint(-stray, stray))
        return self.phase_ns + number * self.channel.update_ns + jitter

    def raw_at(self, at_ns: int) -> int:
        period = self.channel.update_ns
        if period:
            number = (at_ns - self.phase_ns) // period + 1
            while self.tick_ns(number) > at_ns:
                number -= 1
            at_ns = self.tick_ns(number)
        value = self.mean_uw(at_ns) if self.channel.kind is Kind.POWER else self.power.energy_uj(at_ns)
        raw = int(value * self.channel.uj_denominator / self.channel.uj_numerator)
        raw = raw // self.channel.resolution * self.channel.resolution
        if self.channel.kind is Kind.POWER:
            return raw
        return (raw + self.offset) % self.channel.wraps_at if self.channel.wraps_at else raw + self.offset

    def mean_uw(self, at_ns: int) -> float:
        """What a power meter shows: the mean over its last period."""
        period = self.channel.update_ns
        return (self.power.energy_uj(at_ns) - self.power.energy_uj(at_ns - period)) * SECOND / period

    def read(self) -> Reading:
        """A read somewhere within the time that it takes; the clock goes on."""
        before = self.now_ns // GRAIN_NS * GRAIN_NS
        raw = self.raw_at(self.now_ns + self.dice.randrange(self.read_ns))
        self.now_ns += self.read_ns
        return Reading(self.channel.name, before, -(-self.now_ns // GRAIN_NS) * GRAIN_NS, raw)

    def catch(self) -> Iterator[Reading]:
        """As ``Sampler.catch``."""
        first = self.read()
        yield first
        while self.channel.kind is Kind.COUNTER and self.channel.update_ns:
            self.now_ns += self.channel.update_ns // 100 + 60_000
            again = self.read()
            yield again
            if again.raw != first.raw:
                return

    def attend(self, length_ns: int, sample_ns: int = 100 * MS) -> Trace:
        """A window as the attendant reads it: ticks caught on both sides of the gate and after the end, samples between."""
        readings = list(self.catch())
        begin_ns = self.now_ns = self.now_ns + 50_000
        end_ns = begin_ns + length_ns
        readings += self.catch()
        while (pause := int(sample_ns * self.dice.uniform(0.7, 1.3))) and self.now_ns + pause + self.read_ns < end_ns:
            self.now_ns += pause
            readings.append(self.read())
        self.now_ns = max(self.now_ns, end_ns)
        readings += self.catch()
        return Trace(Window(begin_ns, end_ns), "simulated", (self.channel,), tuple(readings))


def board(dice: random.Random, watts: tuple[float, float] = (15, 400)) -> Simulated:
    """A GPU board like NVML's: millijoules, ticks of 20 to 100 ms, a read of 3 ms."""
    period = dice.choice([20, 50, 100]) * MS
    limits = {"least_uw": 1_000_000, "most_uw": 400_000_000}
    channel = Channel("nvml/gpu-0", 1000, 1, kind=Kind.COUNTER, update_ns=period, jitter_ns=period // 20, gain_ppm=None, **limits)
    return Simulated(channel, randomly(dice, *watts), 3 * MS, dice, dice.randrange(10**9))


def package(dice: random.Random, watts: tuple[float, float] = (5, 200)) -> Simulated:
    """A CPU package like RAPL's: steps of 61 uJ, ticks of about 1 ms, a wrap that may fall anywhere."""
    wrap = 262_143_328_851
    limits = {"least_uw": 1_000_000, "most_uw": 400_000_000}
    timing = {"update_ns": MS, "jitter_ns": MS // 20}
    channel = Channel("rapl/package-0", 1, 1, wraps_at=wrap, kind=Kind.COUNTER, resolution=61, **timing, **limits)
    return Simulated(channel, randomly(dice, *watts), 20_000, dice, dice.randrange(wrap))


def plug(dice: random.Random, watts: tuple[float, float] = (60, 500)) -> Simulated:
    """A plug: the mean watts of the last second in tenths, 30 ms away."""
    limits = {"least_uw": 1_000_000, "most_uw": 3_680_000_000}
    channel = Channel("shelly/plug", 100_000, 1, kind=Kind.POWER, update_ns=SECOND, **limits)
    return Simulated(channel, randomly(dice, *watts), 30 * MS, dice)
