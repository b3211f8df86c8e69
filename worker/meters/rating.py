"""What a host's power is rated, by the limits that its billed meters know: a GPU's power limit, a package's highest constraint."""

from collections.abc import Sequence

from minjoule.meter import Channel
from server.domain.plausibility import MOST_W
from worker.meters import amdsmi, nvml, rapl

UNKNOWN_UW = {nvml.MOST_UNKNOWN_UW, amdsmi.MOST_UNKNOWN_UW, rapl.MOST_UNKNOWN_UW}
PEAK_OVER_LIMIT = {"nvml": nvml.PEAK_OVER_LIMIT, "amdsmi": amdsmi.PEAK_OVER_LIMIT, "rapl": rapl.PEAK_OVER_LIMIT}
"""A channel's ceiling is the limit times this: for milliseconds a device draws more. A window's mean doesn't."""
DRAM_W = 100.0
"""Of a package's memory, which has no limit of its own: more than its slots take."""


def rated_by(channels: Sequence[Channel]) -> float | None:
    """Watts of all that is billed, together; None where one of them has no limit that anybody knows: then the operator may say it."""
    rated_w = 0.0
    for each in channels:
        if not each.billed:
            continue
        if each.most_uw in UNKNOWN_UW and each.name.endswith("-dram"):
            rated_w += DRAM_W
        elif each.most_uw is None or each.most_uw in UNKNOWN_UW:
            return None
        else:
            rated_w += each.most_uw / 1e6 / PEAK_OVER_LIMIT.get(each.name.partition("/")[0], 1)
    return rated_w if 0 < rated_w < MOST_W else None
