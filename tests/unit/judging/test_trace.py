"""The stored trace: what goes in comes out, it's small, and nothing strange is taken for one."""

import gzip
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule import trace as stored
from minjoule.meter import Channel, Kind, Reading
from minjoule.trace import TraceError, pack, unpack
from minjoule.window import Trace, Window, measure
from tests.fakes.simulated import SECOND, board, package

NAMES = ("nvml/gpu-0", "rapl/package-0", "shelly/plug")
CHANNELS = tuple(Channel(name, 1, 3, wraps_at=2**70, kind=kind) for name, kind in zip(NAMES, Kind, strict=True))
READING = st.builds(Reading, st.sampled_from(NAMES), st.integers(0, 2**62), st.integers(0, 2**62), st.integers(-(2**64), 2**64))
TRACES = st.builds(
    Trace, st.builds(Window, st.integers(0, 2**62), st.integers(0, 2**62)), st.text(), st.just(CHANNELS), st.lists(READING).map(tuple)
)


@given(traces=st.dictionaries(st.sampled_from(["train", "score"]), TRACES))
def test_every_integer_comes_back(traces: dict[str, Trace]) -> None:
    assert unpack(pack(traces)) == traces


@given(seed=st.integers(0, 2**32))
def test_a_stored_trace_gives_the_same_joules_and_the_same_doubt(seed: int) -> None:
    trace = board(random.Random(seed)).attend(2 * SECOND)
    again = unpack(pack({"train": trace}))["train"]
    assert measure(again) == measure(trace)


def test_equal_traces_are_equal_bytes() -> None:
    trace = package(random.Random(1)).attend(SECOND)
    assert pack({"train": trace}) == pack({"train": trace})


def columns() -> dict[str, object]:
    return stored.to_columns(package(random.Random(1)).attend(SECOND // 10))


STRANGE = {
    "no gzip": b"hello",
    "no json": gzip.compress(b"{"),
    "a list": gzip.compress(b"[1]"),
    "cut off": pack({"train": package(random.Random(1)).attend(SECOND // 10)})[:-20],
    "deep": gzip.compress(b"[" * 100_000),
    **{
        name: gzip.compress(json.dumps({"train": columns() | change}).encode())
        for name, change in {
            "another key": {"more": 1},
            "a lost column": {"raw": []},
            "a short column": {"took": [1]},
            "a fraction": {"wait": [0.5] * len(columns()["wait"])},  # type: ignore[arg-type]
            "a truth value": {"unit_ns": True},
            "a channel that isn't there": {"order": [7] * len(columns()["order"])},  # type: ignore[arg-type]
            "a strange channel": {"channels": [{"name": "x"}]},
            "no window": {"window": [1]},
        }.items()
    },
}


@pytest.mark.parametrize("packed", STRANGE.values(), ids=STRANGE.keys())
def test_bytes_that_are_no_trace_are_refused(packed: bytes) -> None:
    with pytest.raises(TraceError):
        unpack(packed)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(TraceError, match="more than 1000 bytes"):
        unpack(gzip.compress(b" " * 10**7), most_bytes=1000)
