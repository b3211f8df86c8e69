"""The meter of boundary ``modelled-wgsl``: what the harness counted in the box, priced by a named, versioned table.

Every key of the table is a channel of its own whose raw integers are the counts, so a stored trace holds the evidence, and whoever
recomputes it gets the same joules bit for bit. It may be believed because nothing of the entrant's but the counted WGSL ran there.
A window that we ended early (a time limit) is billed what was told until then: such a run has no rank.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take

BOUNDARY = "modelled-wgsl"
FEMTO = 10**9
"""Femtojoules in a microjoule."""
OTHER = "other operations"
MOST_KEYS, MOST_DIGITS = 500, 30


@dataclass(frozen=True, slots=True)
class Table:
    """Prices in femtojoules: of a byte moved in an address space, and of an operation; what isn't named costs the dearest operation."""

    name: str
    version: int
    bytes: dict[str, int]
    operations: dict[str, int]

    @property
    def prices(self) -> dict[str, int]:
        """By channel."""
        return self.bytes | self.operations | {OTHER: max(self.operations.values())}


@cache
def table() -> Table:
    """The shipped one."""
    said = json.loads(resources.files("minjoule.webgpu").joinpath("table.json").read_text(encoding="utf-8"))
    return Table(said["name"], said["version"], said["bytes"], said["operations"])


class WgslCountsMeter:
    """See the module's docstring. ``hear`` comes between a window's last reading but one and its last."""

    def __init__(self) -> None:
        self._prices = table().prices
        self._counts = dict.fromkeys(self._prices, 0)
        self.channels = tuple(
            Channel(name, uj_numerator=price, uj_denominator=FEMTO, kind=Kind.BOX) for name, price in self._prices.items()
        )

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="wgsl-counts",
            boundary=BOUNDARY,
            modelled=True,
            covers="bytes moved and operations of the entry's WGSL, counted by basic blocks, and what the host writes, copies and reads back",
            update_s=0.0,
            relative_error=None,
            note=f"modelled: counts x table {table().name}, version {table().version}; not a measurement",
            gain_basis="modelled",
            device=f"{table().name}/{table().version}",
        )

    def hear(self, account: bytes) -> None:
        """The counts of a whole window, as decimal strings by key, are added to those before. Raises MeterFault."""
        for key, count in counts_of(account).items():
            self._counts[key if key in self._prices else OTHER] += count

    def read(self, box: Box) -> tuple[Reading, ...]:
        """The counts so far."""
        return tuple(take(name, lambda count=count: count) for name, count in self._counts.items())  # type: ignore[misc]

    def admit(self) -> None:
        """Nobody else's work is counted."""


def counts_of(account: bytes) -> dict[str, int]:
    """The counts of an account. Raises MeterFault (SILENT) for one that isn't whole numbers by key."""
    try:
        said: dict[str, Any] = json.loads(account)["counts"]
        if len(said) > MOST_KEYS or any(not str(count).isdecimal() or len(str(count)) > MOST_DIGITS for count in said.values()):
            raise ValueError("counts are decimal strings")
        return {str(key): int(count) for key, count in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MeterFault(f"the harness's account can't be read ({error}): {account[:200]!r}", Reason.SILENT) from None
