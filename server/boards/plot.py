"""The loss-joules plot of a board as SVG: each kind of entry has a shape of its own, and a line joins the Pareto front."""

import math
from collections.abc import Sequence

from server.boards.service import BoardPage, Cloud
from server.domain.scoring import Status

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 260, 56, 40, 14
DISC, RING, CROSS = "disc", "ring", "cross"
SHAPES = {Status.QUALIFIED: DISC, Status.ABOVE_TARGET: RING, Status.PROVISIONAL: RING}
"""Whatever else there is (disputed, disqualified, withdrawn) is a cross."""
DRAWN = {DISC: "M{0} {1}h0", RING: "M{2} {1}a4 4 0 1 0 8 0a4 4 0 1 0-8 0", CROSS: "M{2} {3}l8 8m0-8l-8 8"}


def loss_joules_plot(board: BoardPage, cloud: Cloud) -> str:
    """Empty where fewer than two entries have both figures. Holds numbers of ours only, so it's safe as it stands."""
    points = list(dict.fromkeys([*cloud.front, *cloud.points]))
    if len(points) < 2:
        return ""
    logs = [log_j / math.log(10) for log_j, _, _ in points]
    across = scale(logs, LEFT, WIDTH - 16)
    upward = scale([loss for _, loss, _ in points] + [board.target_loss], HEIGHT - BOTTOM, TOP)
    target = upward[0] + upward[1] * board.target_loss
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="plot-title plot-words">'
        f'<title id="plot-title">Loss against joules</title><desc id="plot-words">{words(cloud, len(points))}</desc>'
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - 8}" fill="none"/>'
        f'<path class="target" d="M{LEFT} {target:.1f}H{WIDTH - 8}"/><text x="{LEFT + 4}" y="{target - 4:.1f}">target</text>'
        f"{line(cloud, across, upward)}{marks(points, across, upward)}{ticks(logs, across)}"
        f'<text x="{LEFT}" y="{HEIGHT - 6}">joules, logarithmic</text><text x="4" y="{TOP + 6}">loss</text></svg>'
        f'<p class="dim">Disc: qualified. Ring: not, or not yet. Cross: disputed, disqualified or withdrawn. '
        f"The line is the front: less loss takes more joules. {shown(cloud, len(points))}</p>"
    )


def words(cloud: Cloud, count: int) -> str:
    """The plot for whoever doesn't see it."""
    front = "; ".join(f"{math.exp(log_j):.3g} J at loss {loss:.4f}" for log_j, loss, _ in cloud.front[:10])
    more = f" and {len(cloud.front) - 10} more" if len(cloud.front) > 10 else ""
    return f"{shown(cloud, count)} The Pareto front, {len(cloud.front)} entries: {front or 'none yet'}{more}."


def shown(cloud: Cloud, count: int) -> str:
    """How much of the board is drawn."""
    if count >= cloud.total:
        return f"All {cloud.total} entries with figures are drawn."
    return f"{count} of {cloud.total} entries are drawn: the front, the first ranks, and an even sample of the others."


def scale(values: Sequence[float], begin: float, end: float) -> tuple[float, float]:
    """Offset and factor that spread the values between two places, with a margin."""
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or 0.5
    factor = (end - begin) / (high - low + 2 * margin)
    return begin - (low - margin) * factor, factor


def marks(points: Sequence[tuple[float, float, str]], across: tuple[float, float], upward: tuple[float, float]) -> str:
    """One path a shape, so that a thousand marks stay small."""
    drawn: dict[str, list[str]] = {DISC: [], RING: [], CROSS: []}
    for log_j, loss, status in points:
        x, y = place(log_j, loss, across, upward)
        shape = SHAPES.get(Status(status), CROSS)
        drawn[shape].append(DRAWN[shape].format(x, y, x - 4, y - 4))
    return "".join(f'<path class="{shape}" d="{"".join(steps)}"/>' for shape, steps in drawn.items() if steps)


def place(log_j: float, loss: float, across: tuple[float, float], upward: tuple[float, float]) -> tuple[int, int]:
    """Of an entry, whole units."""
    return round(across[0] + across[1] * log_j / math.log(10)), round(upward[0] + upward[1] * loss)


def line(cloud: Cloud, across: tuple[float, float], upward: tuple[float, float]) -> str:
    """The front, as steps: an entry holds until one with less loss."""
    places = [place(log_j, loss, across, upward) for log_j, loss, _ in cloud.front]
    if len(places) < 2:
        return ""
    return f'<path class="front" d="M{places[0][0]} {places[0][1]}{"".join(f"H{x}V{y}" for x, y in places[1:])}"/>'


def ticks(logs: Sequence[float], across: tuple[float, float]) -> str:
    """A label at each power of ten within the data."""
    labels = range(math.ceil(min(logs)), math.floor(max(logs)) + 1)
    return "".join(f'<text x="{across[0] + across[1] * power:.1f}" y="{HEIGHT - BOTTOM + 16}">{10.0**power:g} J</text>' for power in labels)
