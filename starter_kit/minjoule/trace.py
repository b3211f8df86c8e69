"""The stored trace: every raw reading of a run's windows, small enough to keep and to download, plain enough to read.

Gzipped JSON. An object a window ("train", "score"):

    {"window": [begin_ns, end_ns], "meter": "nvml+rapl", "channels": [{...the fields of Channel...}],
     "unit_ns": 1000, "order": [0, 1, 0, 1, ...], "wait": [...], "took": [...], "raw": [[...], [...]]}

``order`` names each reading's channel by its place in ``channels``, oldest first. ``wait`` is the time from the reading before
(its ``after_ns``; from 0 for the first) to this one's ``before_ns``, ``took`` from there to its ``after_ns``, both in ``unit_ns``.
``raw`` holds, for each channel, its first raw value and then differences. ``unpack(pack(traces)) == traces``, so whoever has the
file has every integer that the bill was made from: ``minjoule.window.measure(trace)`` makes it again, bit for bit.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from itertools import accumulate
from typing import Any

from minjoule.meter import GRAIN_NS, Channel, Kind, Reading
from minjoule.window import Trace, Window

UNPACKED_BYTES = 32 << 20
KEYS = {"window", "meter", "channels", "unit_ns", "order", "wait", "took", "raw"}
WORDS, OPTIONAL = ("name", "kind", "billed", "encloses"), ("wraps_at", "gain_ppm", "most_uw")
STRANGE = "the trace is damaged, or was packed by another version: fetch it again"


class TraceError(ValueError):
    """Bytes that are no stored trace: what is wrong with them."""


def pack(traces: Mapping[str, Trace]) -> bytes:
    """The traces of a run's windows, by name, as bytes; equal traces give equal bytes."""
    content = {name: to_columns(trace) for name, trace in traces.items()}
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)


def unpack(packed: bytes, most_bytes: int = UNPACKED_BYTES) -> dict[str, Trace]:
    """The traces again. Raises TraceError; never unpacks more than ``most_bytes``."""
    try:
        unpacker = zlib.decompressobj(wbits=31)
        raw = unpacker.decompress(packed, most_bytes)
        if not unpacker.eof:
            raise TraceError(f"the trace unpacks to more than {most_bytes} bytes, or is cut off. {STRANGE}")
        content = json.loads(raw)
        return {str(name): from_columns(columns) for name, columns in content.items()}
    except TraceError:
        raise
    except (zlib.error, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
        raise TraceError(f"no stored trace ({type(error).__name__}: {error}). {STRANGE}") from None


def to_columns(trace: Trace) -> dict[str, Any]:
    """A trace as columns of small integers."""
    places = {channel.name: place for place, channel in enumerate(trace.channels)}
    unit = GRAIN_NS if all(each.before_ns % GRAIN_NS == each.after_ns % GRAIN_NS == 0 for each in trace.readings) else 1
    raws: list[list[int]] = [[] for _ in trace.channels]
    for reading in trace.readings:
        raws[places[reading.channel]].append(reading.raw)
    earlier = [0, *(each.after_ns for each in trace.readings[:-1])]
    return {
        "window": [trace.window.begin_ns, trace.window.end_ns],
        "meter": trace.meter,
        "channels": [asdict(channel) for channel in trace.channels],
        "unit_ns": unit,
        "order": [places[each.channel] for each in trace.readings],
        "wait": [(each.before_ns - before) // unit for each, before in zip(trace.readings, earlier, strict=False)],
        "took": [(each.after_ns - each.before_ns) // unit for each in trace.readings],
        "raw": [differences(column) for column in raws],
    }


def from_columns(columns: Mapping[str, Any]) -> Trace:
    """The trace of its columns. Raises TraceError, or what a strange shape makes Python raise."""
    if set(columns) != KEYS:
        raise TraceError(f"a window has the keys {sorted(columns)}, {sorted(KEYS)} are due. {STRANGE}")
    channels = tuple(to_channel(each) for each in columns["channels"])
    unit, order = whole(columns["unit_ns"]), [whole(each) for each in columns["order"]]
    waits, tooks = [whole(each) for each in columns["wait"]], [whole(each) for each in columns["took"]]
    raws = [list(accumulate(whole(each) for each in column)) for column in columns["raw"]]
    fitting = [order.count(place) for place in range(len(channels))] == [len(raw) for raw in raws]
    if not fitting or not len(order) == len(waits) == len(tooks) == sum(map(len, raws)):
        raise TraceError(f"its columns differ in length. {STRANGE}")
    left = [iter(column) for column in raws]
    readings, at = [], 0
    for place, wait, took in zip(order, waits, tooks, strict=True):
        before = at + wait * unit
        at = before + took * unit
        readings.append(Reading(channels[place].name, before, at, next(left[place])))
    begin_ns, end_ns = (whole(each) for each in columns["window"])
    return Trace(Window(begin_ns, end_ns), str(columns["meter"]), channels, tuple(readings))


def to_channel(content: Mapping[str, Any]) -> Channel:
    """A channel of its stored fields, types checked."""
    known = {field.name for field in fields(Channel)}
    if set(content) != known:
        raise TraceError(f"a channel has the fields {sorted(content)}, {sorted(known)} are due. {STRANGE}")
    for field, value in content.items():
        if field not in WORDS and not (value is None and field in OPTIONAL):
            whole(value)
    words = {"name": str(content["name"]), "kind": Kind(content["kind"])}
    return Channel(**{**content, **words, "billed": content["billed"] is True, "encloses": content["encloses"] is True})


def whole(value: object) -> int:
    """An integer, and nothing that merely looks like one. Raises TraceError."""
    if type(value) is not int:
        raise TraceError(f"{value!r} stands where a whole number is due. {STRANGE}")
    return value


def differences(column: list[int]) -> list[int]:
    """The first value, and each one's distance from the one before."""
    return [value - before for value, before in zip(column, [0, *column[:-1]], strict=False)]
