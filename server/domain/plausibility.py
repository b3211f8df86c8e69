"""What a host's report can't say, whatever it signs: power beyond the machine, windows beyond the attempt's life.

It knows bounds, not truth: a lie within them is for control workloads and the raw readings to find.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CORE_W = 10
"""The published coefficient of ``modelled-cpu-time``: watts of one busy core (the same as ``minjoule.meter.WATTS_PER_CORE``)."""
LEAST_W, MOST_W = 0.01, 20_000.0
"""Of a measured or counted boundary, where the host enrolled without ``least_w`` or ``rated_w``: any machine that we could think of."""
IDLE_SHARE = 0.8
"""A window may draw this much less than the host's idle power as calibrated: fans, temperature and deeper sleep move it."""
MOST_CORES = 1024
TOLERANCE = 1.05
GRAIN_S = 0.05
"""CPU clocks of a short window are off by a few ticks of 10 ms."""
SLACK_S = 5.0
"""Between a host's monotonic clock and ours."""


@dataclass(frozen=True, slots=True)
class Span:
    """A window: borders in nanoseconds on the host's monotonic clock, and its bill in microjoules."""

    name: str
    begin_ns: int
    end_ns: int
    energy_uj: int

    @property
    def length_s(self) -> float:
        """Seconds."""
        return (self.end_ns - self.begin_ns) / 1e9


def power_bounds_w(boundary: str, facts: Mapping[str, Any]) -> tuple[float, float]:
    """Least and most mean power of a window, watts, by what the host enrolled with (not by what it reports)."""
    if boundary == "modelled-cpu-time":
        cores = facts.get("cores")
        return 0.0, CORE_W * (cores if isinstance(cores, int) and 0 < cores <= MOST_CORES else MOST_CORES)
    if boundary.startswith("modelled-"):
        return 0.0, number(facts, "rated_w", MOST_W)
    return number(facts, "least_w", LEAST_W), number(facts, "rated_w", MOST_W)


def bounds_from(idle_w: float, rated_w: float | None) -> dict[str, float]:
    """The facts ``least_w`` and ``rated_w`` (where known) of a host that was calibrated, watts."""
    return {"least_w": round(idle_w * IDLE_SHARE, 3)} | ({} if rated_w is None else {"rated_w": round(rated_w, 3)})


def number(facts: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A positive number among the facts."""
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else otherwise


def implausible(windows: Sequence[Span], boundary: str, facts: Mapping[str, Any], life_s: float) -> str | None:
    """Why these windows can't be, in order; None if they can. ``life_s``: claim to report by our clock; negative if that was set back."""
    for earlier, later in zip(windows, windows[1:], strict=False):
        if later.begin_ns < earlier.end_ns:
            return f"window {later.name} begins before window {earlier.name} has ended"
    span_s = (windows[-1].end_ns - windows[0].begin_ns) / 1e9
    if 0 <= life_s < span_s - SLACK_S:
        return f"the windows span {span_s:.3f} s, the attempt has lived for {life_s:.3f} s: at most {SLACK_S:g} s more are allowed"
    least_w, most_w = power_bounds_w(boundary, facts)
    for each in windows:
        most_uj = most_w * TOLERANCE * (each.length_s + GRAIN_S) * 1e6
        least_uj = least_w / TOLERANCE * max(0.0, each.length_s - GRAIN_S) * 1e6
        if each.energy_uj > most_uj:
            limit = f"its {boundary} is rated {most_w:g} W, {most_uj / 1e6:.3f} J"
            return f"window {each.name} bills {each.energy_uj / 1e6:.6g} J in {each.length_s:.6g} s: {limit} at most"
        if each.energy_uj < least_uj:
            limit = f"its {boundary} draws {least_w:g} W at rest, {least_uj / 1e6:.3f} J"
            return f"window {each.name} bills {each.energy_uj / 1e6:.6g} J in {each.length_s:.6g} s: {limit} at least"
    return None
