"""How a version of a ranking is stored: whole, or as what differs from an earlier whole one.

A board of a thousand entries gets a version with nearly every run, and nearly all of its rows are the rows of before: a new leader
moves every rank, so ranks stand apart from the rows, as differences. What comes out is equal to what went in, as JSON. Pure functions.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any

Row = dict[str, Any]


def pack(document: Row, base: Sequence[Row] | None = None) -> bytes:
    """``document`` with its ``entries``; ``base`` are the entries of the whole version that whoever unpacks it has too."""
    entries = [dict(row) for row in document["entries"]]
    ranks = [row.pop("rank") or 0 for row in entries]
    steps = [rank - before for rank, before in zip(ranks, [0, *ranks[:-1]], strict=False)]
    places = {row["submission"]: place for place, row in enumerate(without_ranks(base or ()))}
    known = without_ranks(base or ())
    found = [place if (place := places.get(row["submission"])) is not None and known[place] == row else row for row in entries]
    content = {"head": {**document, "entries": None}, "ranks": runs_of(steps), "rows": list(spans(found))}
    return zlib.compress(json.dumps(content, separators=(",", ":"), allow_nan=False).encode())


def unpack(packed: bytes, base: Sequence[Row] = ()) -> Row:
    """The document again."""
    content = json.loads(zlib.decompress(packed))
    known = without_ranks(base)
    rows = [row for part in content["rows"] for row in ([part] if isinstance(part, dict) else known[part[0] : part[0] + part[1]])]
    ranks = accumulate(step for step, count in content["ranks"] for _ in range(count))
    entries = [row | {"rank": rank or None} for row, rank in zip(rows, ranks, strict=True)]
    return {**content["head"], "entries": entries}


def without_ranks(rows: Sequence[Row]) -> list[Row]:
    """What is compared."""
    return [{name: value for name, value in row.items() if name != "rank"} for row in rows]


def runs_of(steps: Sequence[int]) -> list[tuple[int, int]]:
    """Equal neighbours as (value, how many)."""
    return [(step, len(list(same))) for step, same in groupby(steps)]


def spans(found: Sequence[int | Row]) -> Iterator[list[int] | Row]:
    """Places that follow each other as [first, how many]; rows that are new as they are."""
    begin, count = 0, 0
    for each in found:
        if isinstance(each, int) and count and each == begin + count:
            count += 1
            continue
        if count:
            yield [begin, count]
        begin, count = (each, 1) if isinstance(each, int) else (0, 0)
        if isinstance(each, dict):
            yield each
    if count:
        yield [begin, count]
