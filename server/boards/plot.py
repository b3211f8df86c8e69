"""The loss-joules plot of a board's page as SVG: what qualified is a disc, what didn't a ring; told apart without colour."""

import math
from collections.abc import Sequence

from server.boards.service import BoardPage, Standing

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 260, 56, 40, 14


def loss_joules_plot(board: BoardPage) -> str:
    """Empty where fewer than two entries have both figures. Holds numbers of ours only, so it's safe as it stands."""
    shown = [row for row in board.entries if row.energy_j is not None and row.loss is not None and row.energy_j > 0]
    if len(shown) < 2:
        return ""
    across = scale([math.log10(row.energy_j or 1) for row in shown], LEFT, WIDTH - 16)
    losses = [row.loss or 0 for row in shown] + [board.target_loss]
    upward = scale(losses, HEIGHT - BOTTOM, TOP)
    target = upward[0] + upward[1] * board.target_loss
    marks = "".join(mark(row, across, upward) for row in shown)
    best = min(row.energy_j or math.inf for row in shown)
    words = f"{len(shown)} entries of this page; the least energy shown is {best:.3g} J. The same figures are in the table below."
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="plot-title plot-words">'
        f'<title id="plot-title">Loss against joules</title><desc id="plot-words">{words}</desc>'
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - 8}" fill="none"/>'
        f'<path class="target" d="M{LEFT} {target:.1f}H{WIDTH - 8}"/><text x="{LEFT + 4}" y="{target - 4:.1f}">target</text>'
        f"{marks}{ticks(shown, across)}"
        f'<text x="{LEFT}" y="{HEIGHT - 6}">joules, logarithmic</text><text x="4" y="{TOP + 6}">loss</text></svg>'
    )


def scale(values: Sequence[float], begin: float, end: float) -> tuple[float, float]:
    """Offset and factor that spread the values between two places, with a margin."""
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or 0.5
    factor = (end - begin) / (high - low + 2 * margin)
    return begin - (low - margin) * factor, factor


def mark(row: Standing, across: tuple[float, float], upward: tuple[float, float]) -> str:
    """One entry."""
    x, y = across[0] + across[1] * math.log10(row.energy_j or 1), upward[0] + upward[1] * (row.loss or 0)
    if row.rank:
        return f'<circle class="in" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    return f'<circle class="out" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def ticks(shown: Sequence[Standing], across: tuple[float, float]) -> str:
    """A label at each power of ten within the data."""
    powers = [math.log10(row.energy_j or 1) for row in shown]
    labels = range(math.ceil(min(powers)), math.floor(max(powers)) + 1)
    return "".join(f'<text x="{across[0] + across[1] * power:.1f}" y="{HEIGHT - BOTTOM + 16}">{10.0**power:g} J</text>' for power in labels)
