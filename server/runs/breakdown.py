"""Where counted joules go: registers, workgroup, storage, arithmetic and host copies of a run, as a picture and a table.

A host is hostile input: a trace that can't be read, or isn't of counted WGSL, gives nothing to show, never an error.
"""

from dataclasses import dataclass
from functools import lru_cache

from minjoule.meter import MeterFault
from minjoule.trace import TraceError, unpack
from minjoule.webgpu import cost
from minjoule.wgsl_counts import part_of, prices
from minjoule.window import Trace, measure

METER = "wgsl-counts"
WIDTH, LABEL, LINE, BAR = 640, 150, 34, 20
TITLES = {"train": "Train", "score": "Predictions"}
MARKS = {"registers": "registers", "workgroup": "workgroup", "storage": "storage", "arithmetic": "arithmetic", "host copies": "host"}


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part's joules in each window and over both; ``share`` is of the run."""

    part: str
    train_j: float
    score_j: float
    energy_j: float
    share: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What the run page shows. ``counts`` are the raw counts of both windows by key."""

    svg: str
    rows: tuple[PartRow, ...]
    counts: tuple[tuple[str, int], ...]


@lru_cache(64)
def breakdown(packed: bytes) -> Breakdown | None:
    """Of a stored trace; None where it isn't one of counted WGSL."""
    try:
        traces = unpack(packed)
        if not traces or any(trace.meter != METER or not known(trace) for trace in traces.values()):
            return None
        spent = {name: parts(trace) for name, trace in traces.items() if name in TITLES}
        raw = {key: sum(count(trace, key) for trace in traces.values()) for key in prices(cost.table())}
    except (TraceError, MeterFault, ArithmeticError, ValueError):
        return None
    return Breakdown(draw(spent), tuple(rows(spent)), tuple((key, number) for key, number in raw.items() if number))


def known(trace: Trace) -> bool:
    """Whether every channel is a key of the table."""
    return {channel.name for channel in trace.channels} == set(prices(cost.table()))


def parts(trace: Trace) -> dict[str, float]:
    """Joules by part. Raises MeterFault."""
    spent = dict.fromkeys(cost.PARTS, 0.0)
    for column in measure(trace).columns:
        spent[part_of(column.channel)] += column.energy_uj / 1e6
    return spent


def count(trace: Trace, key: str) -> int:
    """How often in the window."""
    raws = [reading.raw for reading in trace.readings if reading.channel == key]
    return raws[-1] - raws[0]


def rows(spent: dict[str, dict[str, float]]) -> list[PartRow]:
    """A row a part."""
    whole = sum(sum(each.values()) for each in spent.values()) or 1.0
    made = []
    for part in cost.PARTS:
        train_j, score_j = (spent.get(window, {}).get(part, 0.0) for window in TITLES)
        made.append(PartRow(part, train_j, score_j, train_j + score_j, (train_j + score_j) / whole))
    return made


def draw(spent: dict[str, dict[str, float]]) -> str:
    """A bar a window, as long as its joules, in pieces by part."""
    longest = max(sum(each.values()) for each in spent.values()) or 1.0
    bars = "".join(
        bar(place, name, spent[name], (WIDTH - LABEL) / longest) for place, name in enumerate(each for each in TITLES if each in spent)
    )
    below = LINE * len(spent) + 24
    keys = "".join(key(place, part, below) for place, part in enumerate(cost.PARTS))
    words = "; ".join(
        f"{TITLES[name]}: " + ", ".join(f"{part} {joules:.3g} J" for part, joules in each.items()) for name, each in spent.items()
    )
    return (
        f'<svg class="plot breakdown" viewBox="0 0 {WIDTH} {below + 44}" role="img" aria-labelledby="parts-title parts-words">'
        f'<title id="parts-title">Where the joules go</title><desc id="parts-words">{words}.</desc>{bars}{keys}</svg>'
    )


def bar(place: int, name: str, spent: dict[str, float], across: float) -> str:
    """One window."""
    x, y = float(LABEL), 8 + place * LINE
    pieces = [f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{TITLES[name]}</text>']
    for part, joules in spent.items():
        pieces.append(f'<rect class="{MARKS[part]}" x="{x:.1f}" y="{y}" width="{joules * across:.1f}" height="{BAR}"/>')
        x += joules * across
    return "".join(pieces)


def key(place: int, part: str, below: int) -> str:
    """What a colour stands for."""
    x, y = 8 + (place % 3) * 210, below + (place // 3) * 22
    return f'<rect class="{MARKS[part]}" x="{x}" y="{y - 11}" width="14" height="14"/><text x="{x + 20}" y="{y}">{part}</text>'
