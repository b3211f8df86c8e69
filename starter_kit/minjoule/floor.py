"""The duration floor: how many boxes share a window, each with a draw of its own, so that the bill stands well above its borders' error.

A window of 100 update periods has at most 1 % of its energy between the two ticks at a border. A shorter program is let through
several times, one box after another in one window, and the bill is divided by their number. It knows no meter and no box.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from minjoule.meter import Channel, Kind

FLOOR_PERIODS = 100
"""Update periods that a bill lasts at least: 10 s where a GPU's counter ticks every 100 ms, 100 s for a plug that speaks once a second."""
MOST_BOXES = 32
"""So many boxes stand at their gates at most; what is still below its floor then says so, and has the wider U."""
SHORT_PERCENT = 80
PROBE = -1
"""The place of the draw that only tells how long a box takes."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What shared a run's two windows.

    Attributes:
        floor_ns: what both windows together should last; 0 where nothing ticks.
        expected_ns: what one box was expected to take, both phases together; 0 where that doesn't matter.
        train: boxes that were let through in the training window; ``score`` in the other.
        losses: mean bits per symbol of each box that was scored.
        instances: digests of the draws, hex; ``artifacts`` of what was trained on them.
    """

    floor_ns: int
    expected_ns: int
    train: int
    score: int
    losses: tuple[float, ...]
    instances: tuple[str, ...]
    artifacts: tuple[str, ...]

    @property
    def loss(self) -> float | None:
        """The mean; None where nothing was scored."""
        return mean(self.losses) if self.losses else None


def floor_ns(channels: Iterable[Channel]) -> int:
    """How long a bill of these meters lasts at least, nanoseconds; 0 where the box's own account is billed, which has no borders."""
    billed = [channel for channel in channels if channel.billed]
    if any(channel.kind is Kind.BOX for channel in billed):
        return 0
    return FLOOR_PERIODS * max((channel.update_ns for channel in billed), default=0)


def boxes_due(floor_ns: int, expected_ns: int) -> int:
    """How many boxes of the expected length fill the floor."""
    return min(max(-(-floor_ns // max(expected_ns, 1)), 1), MOST_BOXES)


def below_floor(floor_ns: int, lasted_ns: int) -> bool:
    """Whether both windows together were clearly shorter than they should be: the U is wider, and it's said."""
    return lasted_ns * 100 < floor_ns * SHORT_PERCENT


def window_allowance_s(wall_s: float, floor_ns: int, boxes: int) -> float:
    """How long one window may last: the track's cap a box, and no more than two floors beside it, so that nobody holds a host."""
    return wall_s if boxes == 1 else wall_s + 2 * floor_ns / 1e9


def repeat_key(key: bytes, place: int) -> bytes:
    """The instance key of one box of a window: the run's own for the first, derived from it for the others."""
    return key if place == 0 else hmac.new(key, f"repeat:{place}".encode(), hashlib.sha256).digest()


def repeat_seed(seed: int, place: int) -> int:
    """What ``train(seed=...)`` gets in one box of a window: 63 bits."""
    if place == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}:{place}".encode()).digest()[:8], "big") >> 1


def mean(losses: Iterable[float]) -> float:
    """Of several draws, the same on every machine."""
    losses = tuple(losses)
    return losses[0] if len(losses) == 1 else fsum(losses) / len(losses)
