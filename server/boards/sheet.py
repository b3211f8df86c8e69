"""Standings as CSV: what the page of the same address shows, a line an entry, unrounded."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from server.boards.beside import Flag, MeterColumn
from server.boards.standing import Standing
from server.templating import csv_table

SEVERAL = ("meters", "flags")
"""What an entry has several of: meters are columns of their own, flags one text."""


def as_csv(columns: Sequence[MeterColumn], entries: Sequence[Standing]) -> str:
    """Nothing stands where there's nothing, never 0. A text that a spreadsheet would take for a formula gets an apostrophe."""
    names = [field.name for field in fields(Standing) if field.name not in SEVERAL]
    return csv_table(
        [*names, "flags", *(name for column in columns for name in headings(column))], (cells(row, columns) for row in entries)
    )


def cells(row: Standing, columns: Sequence[MeterColumn]) -> dict[str, Any]:
    """An entry's line, by heading."""
    line = {field.name: getattr(row, field.name) for field in fields(Standing)} | {"flags": "; ".join(map(said, row.flags))}
    for column in columns:
        mean, (joules, runs) = row.meter(column), headings(column)
        line |= {joules: mean.energy_j if mean else None, runs: mean.runs if mean else None}
    return line


def headings(column: MeterColumn) -> tuple[str, str]:
    """Of a meter's mean, and of how many runs it read. They say that it isn't ranked, and whether it's a model's."""
    where = "part" if column.billed else "beside"
    modelled = "modelled_" if column.modelled else ""
    return f"unranked_{where}_{modelled}{column.meter}_j", f"unranked_{where}_{modelled}{column.meter}_runs"


def said(flag: Flag) -> str:
    """The reason, and which runs."""
    runs = " ".join(each.id for each in flag.runs)
    return f"{flag.reason} (runs {runs})" if runs else flag.reason
