"""Power over time of a run, as SVG, as rows for a table and as CSV: all from the stored trace. Holds numbers and checked names only.

A host is hostile input: a trace that can't be read gives nothing to show, never an error.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from minjoule.meter import MeterFault
from minjoule.power import PowerSeries, power_series
from minjoule.trace import TraceError, unpack
from minjoule.window import Trace, measure

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 240, 84, 36, 26, 12
DASHES = ("", "6 3", "2 3", "8 3 2 3")
TITLES = {"train": "train", "score": "load and predictions"}


@dataclass(frozen=True, slots=True)
class WindowPower:
    """One channel over one window. ``mean_w`` and ``peak_w`` are watts; the peak is of the cells that the picture shows."""

    window: str
    channel: str
    billed: bool
    wall_s: float
    energy_j: float
    mean_w: float
    peak_w: float


@dataclass(frozen=True, slots=True)
class PowerView:
    """What the run page shows."""

    svg: str
    rows: tuple[WindowPower, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A series with its window's begin, seconds since the first window opened."""

    window: str
    offset_s: float
    wall_s: float
    series: PowerSeries

    def cells(self) -> Iterator[tuple[float, float, float]]:
        """Begin and end in seconds since the first window opened, and watts."""
        for place, watts in enumerate(self.series.watts):
            begin_s = self.offset_s + self.series.begins_s + place * self.series.cell_s
            yield begin_s, begin_s + self.series.cell_s, watts


@lru_cache(64)
def power_view(packed: bytes) -> PowerView | None:
    """Picture and table of a stored trace; None where nothing can be shown."""
    try:
        traces = unpack(packed)
        placed = list(place(traces))
        rows = tuple(chain.from_iterable(rows_of(name, trace, placed) for name, trace in traces.items()))
    except (TraceError, MeterFault, ArithmeticError, ValueError):
        return None
    shown = [each for each in placed if each.series.watts]
    return PowerView(draw(shown), rows) if shown else None


def power_csv(packed: bytes) -> str:
    """Every cell of the picture: window, meter, begin and end in seconds, watts."""
    lines = ["window,channel,begin_s,end_s,power_w"]
    try:
        for each in place(unpack(packed)):
            name = each.series.channel.replace('"', "'")
            lines += [f'{each.window},"{name}",{begin:.6f},{end:.6f},{watts:.6f}' for begin, end, watts in each.cells()]
    except (TraceError, MeterFault, ArithmeticError, ValueError):
        pass
    return "\n".join(lines) + "\n"


def place(traces: Mapping[str, Trace]) -> Iterator[Placed]:
    """Every channel of every window on one axis."""
    first_ns = min((trace.window.begin_ns for trace in traces.values()), default=0)
    for name, trace in traces.items():
        for series in power_series(trace, 300):
            yield Placed(name, (trace.window.begin_ns - first_ns) / 1e9, trace.window.wall_s, series)


def rows_of(name: str, trace: Trace, placed: list[Placed]) -> Iterator[WindowPower]:
    """A row a channel. Raises MeterFault."""
    peaks = {each.series.channel: max(each.series.watts, default=0.0) for each in placed if each.window == name}
    wall_s = trace.window.wall_s
    for column in measure(trace).columns:
        energy_j = column.energy_uj / 1e6
        yield WindowPower(TITLES.get(name, name), column.channel, column.billed, wall_s, energy_j, energy_j / wall_s, peaks[column.channel])


def draw(placed: list[Placed]) -> str:
    """The SVG. Series are told apart by their dashes; the windows stand on a shaded ground."""
    begin_s = min(next(each.cells())[0] for each in placed)
    end_s = max(list(each.cells())[-1][1] for each in placed)
    top_w = max(max(each.series.watts) for each in placed) or 1.0
    across = (WIDTH - LEFT - RIGHT) / ((end_s - begin_s) or 1.0)
    upward = (HEIGHT - BOTTOM - TOP) / top_w
    channels = sorted({each.series.channel for each in placed})
    windows = {each.window: (each.offset_s, each.wall_s) for each in placed}
    shades = "".join(shade(name, LEFT + (at - begin_s) * across, wall_s * across) for name, (at, wall_s) in windows.items())
    lines = "".join(line(each, begin_s, across, upward, channels.index(each.series.channel)) for each in placed)
    words = f"Power of {len(channels)} meter channel{'s' if len(channels) > 1 else ''} over {end_s - begin_s:.3g} s, at most {top_w:.3g} W."
    return (
        f'<svg class="plot power" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="power-title power-words">'
        f'<title id="power-title">Power over time</title><desc id="power-words">{words} The table below has the figures.</desc>'
        f'{shades}<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none"/>{lines}'
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{top_w:.3g} W</text>'
        f'<text x="{LEFT - 6}" y="{HEIGHT - BOTTOM}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 18}">{round(begin_s, 3) + 0.0:g} s</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 18}" text-anchor="end">{end_s:.3g} s</text>{legend(channels)}</svg>'
    )


def shade(name: str, x: float, width: float) -> str:
    """A window's ground, with its name."""
    title = html.escape(TITLES.get(name, name)[:30])
    kind, tall = "train" if name == "train" else "score", HEIGHT - BOTTOM - TOP
    ground = f'<rect class="{kind}" x="{x:.1f}" y="{TOP}" width="{max(width, 1):.1f}" height="{tall}"/>'
    place = f'x="{x + 2:.1f}"' if x < WIDTH / 2 else f'x="{x + width:.1f}" text-anchor="end"'  # a long name stays within the picture
    return ground + (f'<text {place} y="{TOP - 6}">{title}</text>' if width > 30 or kind == "train" else "")


def line(each: Placed, begin_s: float, across: float, upward: float, place: int) -> str:
    """One series, in steps."""
    steps = []
    for begin, end, watts in each.cells():
        y = HEIGHT - BOTTOM - watts * upward
        steps.append(f"{LEFT + (begin - begin_s) * across:.1f} {y:.1f}H{LEFT + (end - begin_s) * across:.1f}")
    return f'<path class="watts" stroke-dasharray="{DASHES[place % len(DASHES)]}" fill="none" d="M{"L".join(steps)}"/>'


def legend(channels: list[str]) -> str:
    """Names of the channels with their dashes."""
    parts = []
    for place, name in enumerate(channels[:4]):
        x = LEFT + place * 140
        dash = DASHES[place % len(DASHES)]
        parts.append(f'<path class="watts" stroke-dasharray="{dash}" d="M{x} {HEIGHT - 6}h22"/>')
        parts.append(f'<text x="{x + 26}" y="{HEIGHT - 2}">{html.escape(name[:16])}</text>')
    return "".join(parts)
