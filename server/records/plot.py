"""A board's records as a step plot: joules over time, in SVG; numbers of ours only, so it's safe as it stands."""

import math
from collections.abc import Sequence

from server.records.service import RecordView

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 240, 64, 16, 16, 36


def record_plot(records: Sequence[RecordView]) -> str:
    """Empty below two standing records. Revoked ones aren't drawn; provisional ones are rings."""
    standing = [each for each in records if each.state != "revoked"]
    if len(standing) < 2:
        return ""
    times = [each.provisional_at.timestamp() for each in standing]
    logs = [math.log10(each.energy_j) for each in standing]
    span, low, height = (times[-1] - times[0]) or 1.0, min(logs), (max(logs) - min(logs)) or 1.0
    across = [LEFT + (time - times[0]) / span * (WIDTH - LEFT - RIGHT) for time in times]
    up = [HEIGHT - BOTTOM - (log - low) / height * (HEIGHT - TOP - BOTTOM) for log in logs]
    line = f"M{across[0]:.1f} {up[0]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in zip(across[1:], up[1:], strict=True))
    marks = "".join(
        f'<circle class="{"in" if each.state == "confirmed" else "out"}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        for each, x, y in zip(standing, across, up, strict=True)
    )
    words = f"{len(standing)} records, from {standing[0].energy_j:.3g} J to {standing[-1].energy_j:.3g} J. The table below has the figures."
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="steps-title steps-words">'
        f'<title id="steps-title">Record over time</title><desc id="steps-words">{words}</desc>'
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - 8}" fill="none"/>'
        f'<path class="target" fill="none" d="{line}"/>{marks}'
        f'<text x="4" y="{TOP + 6}">{max(each.energy_j for each in standing):.3g} J</text>'
        f'<text x="4" y="{HEIGHT - BOTTOM}">{min(each.energy_j for each in standing):.3g} J</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{standing[0].provisional_at:%Y-%m-%d}</text>'
        f'<text x="{WIDTH - 100}" y="{HEIGHT - 8}">{standing[-1].provisional_at:%Y-%m-%d}</text></svg>'
    )
