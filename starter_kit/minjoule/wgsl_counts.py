"""The meter of boundary ``modelled-wgsl``: what the harness counted in the box, priced by a named, versioned table.

Every key of the table is a channel of its own whose raw integers are the counts, so a stored trace holds the evidence, and whoever
recomputes it gets the same joules bit for bit. It may be believed because nothing of the entrant's but the counted WGSL ran there.
A window that we ended early (a time limit) is billed what was told until then: such a run has no rank.
"""

import json
from collections.abc import Mapping

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from minjoule.webgpu import cost

BOUNDARY = "modelled-wgsl"
MOST_KEYS = 500


def prices(table: cost.Table) -> dict[str, int]:
    """Femtojoules of a count by key: of a byte in each memory, of each operation, and of any operation that the table doesn't name."""
    return {**table.byte_fj, **table.operation_fj, cost.OTHER: table.dearest_fj}


def part_of(key: str) -> str:
    """Which part of the breakdown a channel belongs to."""
    return cost.MEMORIES.get(key, cost.ARITHMETIC)


class WgslCountsMeter:
    """See the module's docstring. ``hear`` comes between a window's last reading but one and its last."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(prices(cost.table()), 0)
        self.channels = tuple(Channel(key, price, cost.FJ_PER_UJ, kind=Kind.BOX) for key, price in prices(cost.table()).items())

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="wgsl-counts",
            boundary=BOUNDARY,
            modelled=True,
            covers="bytes moved and operations of the entry's WGSL, counted by basic blocks, and host writes, copies and readbacks",
            update_s=0.0,
            relative_error=None,
            note=f"modelled: counts x table {cost.table().name}; not a measurement",
            gain_basis="modelled",
            device=cost.table().name,
        )

    def hear(self, account: bytes) -> None:
        """The counts of a whole window, as decimal strings by key, are added to those before. Raises MeterFault."""
        for key, count in counts_of(account).items():
            if key not in self._counts:
                raise MeterFault(
                    f"the harness counted {key[:40]!r}; known are {', '.join(self._counts)}", Reason.MISCONFIGURED, "Build the image anew"
                )
            self._counts[key] += count

    def read(self, box: Box) -> tuple[Reading, ...]:
        """The counts so far."""
        return tuple(take(name, lambda count=count: count) for name, count in self._counts.items())  # type: ignore[misc]

    def admit(self) -> None:
        """Nobody else's work is counted."""


def counts_of(account: bytes) -> dict[str, int]:
    """The counts of an account. Raises MeterFault (SILENT) for one that isn't whole numbers by key."""
    try:
        said: Mapping[str, object] = json.loads(account)["counts"]
        if len(said) > MOST_KEYS:
            raise ValueError(f"it has {len(said)} keys")
        return {str(key): cost.number(str(key), count) for key, count in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MeterFault(f"the harness's account can't be read ({error}): {account[:200]!r}", Reason.SILENT) from None
