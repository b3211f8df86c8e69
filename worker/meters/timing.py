"""How often a counter ticks, found by watching it: nothing that a data sheet says is taken on trust."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from minjoule.meter import Channel, MeterFault, Reading, Reason, take

TICKS = 12
PATIENCE_S = 3.0
PAUSE_S = 0.0002


@dataclass(frozen=True, slots=True)
class Timing:
    """A counter's update period, and how far single periods stray from it; nanoseconds."""

    update_ns: int
    jitter_ns: int

    def of(self, channel: Channel) -> Channel:
        """A channel that ticks so."""
        return replace(channel, update_ns=self.update_ns, jitter_ns=self.jitter_ns)


def probe_ticks(name: str, ask: Callable[[], int], patience_s: float = PATIENCE_S) -> Timing:
    """Watch a counter for a dozen ticks. Raises MeterFault where it hardly moves, or when ``ask`` does."""
    give_up = time.monotonic() + patience_s
    seen: list[int] = []
    widest = 0
    last = take(name, ask)
    while len(seen) < TICKS:
        if time.monotonic() > give_up:
            raise MeterFault(f"counter {name} ticked {len(seen)} times in {patience_s:g} s, {TICKS} are needed", Reason.FROZEN)
        time.sleep(PAUSE_S)
        reading = take(name, ask)
        if reading.raw != last.raw:
            seen.append(middle_ns(last, reading))
            widest = max(widest, reading.after_ns - last.before_ns)
        last = reading
    periods = [later - earlier for earlier, later in pairwise(seen)]
    update_ns = round(statistics.median(periods))
    stray_ns = round(statistics.quantiles([abs(period - update_ns) for period in periods], n=10)[8])
    return Timing(update_ns, min(max(stray_ns, widest // 2), update_ns // 2))


def middle_ns(earlier: Reading, later: Reading) -> int:
    """When it must have changed, more or less."""
    return (earlier.before_ns + later.after_ns) // 2
