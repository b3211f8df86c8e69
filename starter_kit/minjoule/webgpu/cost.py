"""Counted work to joules: exact integers, by the named table that the browser modules ship with.

Counts come as decimal strings by key (bytes by memory, operations by class). Everything is summed in femtojoules and rounded
once, so equal counts give equal integers, and the parts add up to the whole in femtojoules.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MEMORIES = {"register": "registers", "indexed": "workgroup", "workgroup": "workgroup", "storage": "storage", "host": "host copies"}
ARITHMETIC = "arithmetic"
PARTS = ("registers", "workgroup", "storage", ARITHMETIC, "host copies")
OTHER = "other"
MAX_DIGITS = 30
FJ_PER_PJ = 1000
FJ_PER_UJ = 10**9


class CountError(ValueError):
    """Counts that aren't what the counters make."""


@dataclass(frozen=True, slots=True)
class Table:
    """Prices in femtojoules: a byte by where it lies, an operation by its class."""

    name: str
    byte_fj: Mapping[str, int]
    operation_fj: Mapping[str, int]

    @property
    def dearest_fj(self) -> int:
        """What an operation costs that the table doesn't name."""
        return max(self.operation_fj.values())


@dataclass(frozen=True, slots=True)
class Bill:
    """Modelled energy of one window, femtojoules by part; parts are PARTS, in order."""

    table: str
    part_fj: Mapping[str, int]

    @property
    def energy_fj(self) -> int:
        """All parts, femtojoules."""
        return sum(self.part_fj.values())

    @property
    def energy_pj(self) -> int:
        """Picojoules, halves up."""
        return rounded(self.energy_fj, FJ_PER_PJ)

    @property
    def energy_uj(self) -> int:
        """Microjoules, halves up."""
        return rounded(self.energy_fj, FJ_PER_UJ)

    def part_pj(self) -> dict[str, int]:
        """Picojoules by part, each rounded by itself."""
        return {part: rounded(fj, FJ_PER_PJ) for part, fj in self.part_fj.items()}


def rounded(value: int, unit: int) -> int:
    """``value / unit``, halves up, without a float."""
    return (2 * value + unit) // (2 * unit)


@cache
def table() -> Table:
    """The table that judges today."""
    read = json.loads((FOLDER / "table.json").read_text())
    return Table(read["name"], read["bytes"], read["operations"])


def add(*counts: Mapping[str, str]) -> dict[str, str]:
    """Counts of several windows together."""
    total: dict[str, int] = {}
    for each in counts:
        for key, text in each.items():
            total[key] = total.get(key, 0) + number(key, text)
    return {key: str(total[key]) for key in sorted(total)}


def price(counts: Mapping[str, str], prices: Table | None = None) -> Bill:
    """What the counted work costs. Raises CountError for a key no counter has, or what isn't a count."""
    prices = prices or table()
    parts = dict.fromkeys(PARTS, 0)
    for key, text in counts.items():
        amount = number(key, text)
        if key in prices.byte_fj:
            parts[MEMORIES[key]] += amount * prices.byte_fj[key]
        elif key in prices.operation_fj or key == OTHER:
            parts[ARITHMETIC] += amount * prices.operation_fj.get(key, prices.dearest_fj)
        else:
            raise CountError(f"{key[:40]!r} is no key of the table {prices.name}; known are {', '.join(known(prices))}")
    return Bill(prices.name, parts)


def known(prices: Table) -> list[str]:
    """The keys that counts may have."""
    return [*prices.byte_fj, *prices.operation_fj, OTHER]


def number(key: str, text: object) -> int:
    """A count: a string of 1 to MAX_DIGITS decimal digits."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise CountError(f"{key[:40]}: {str(text)[:40]!r} is no count; due is a string of 1 to {MAX_DIGITS} decimal digits")
    return int(text)
