"""Standings as CSV: what the page of the same address shows, a line an entry, unrounded."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields

from server.boards.beside import Flag, MeterColumn
from server.boards.standing import Standing

FORMULA = ("=", "+", "-", "@", "\t")
SEVERAL = ("meters", "flags")
"""What an entry has several of: meters are columns of their own, flags one text."""


def as_csv(columns: Sequence[MeterColumn], entries: Sequence[Standing]) -> str:
    """Nothing stands where there's nothing, never 0. A text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(Standing) if field.name not in SEVERAL]
    writer.writerow([*names, "flags", *(name for column in columns for name in headings(column))])
    for row in entries:
        cells = [getattr(row, name) for name in names] + ["; ".join(map(said, row.flags))]
        for column in columns:
            mean = row.meter(column)
            cells += [mean.energy_j, mean.runs] if mean else [None, None]
        writer.writerow(f"'{each}" if isinstance(each, str) and each[:1] in FORMULA else each for each in cells)
    return out.getvalue()


def headings(column: MeterColumn) -> tuple[str, str]:
    """Of a meter's mean, and of how many runs it read. They say that it isn't ranked, and whether it's a model's."""
    where = "part" if column.billed else "beside"
    modelled = "modelled_" if column.modelled else ""
    return f"unranked_{where}_{modelled}{column.meter}_j", f"unranked_{where}_{modelled}{column.meter}_runs"


def said(flag: Flag) -> str:
    """The reason, and which runs."""
    runs = " ".join(each.id for each in flag.runs)
    return f"{flag.reason} (runs {runs})" if runs else flag.reason
