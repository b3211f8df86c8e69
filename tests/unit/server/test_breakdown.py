"""Where counted joules go, from the stored trace alone; anything else shows nothing."""

import json

import pytest

from minjoule import trace as traces
from minjoule.meter import CpuTimeMeter
from minjoule.webgpu import cost
from minjoule.wgsl_counts import WgslCountsMeter
from minjoule.window import Trace, Window
from server.demo import suits
from server.runs.breakdown import breakdown
from tests.stack import EXAMPLES
from tests.unit.judging.test_wgsl_counts import BOX, account, window_of

TRAIN = {"storage": "1000000000", "workgroup": "4000000000", "indexed": "1000000000", "f32 mul": "5000000000"}
SCORE = {"storage": "500000000", "host": "70000000"}


@pytest.fixture
def packed() -> bytes:
    meter = WgslCountsMeter()
    return traces.pack({"train": window_of(meter, account(**TRAIN)), "score": window_of(meter, account(**SCORE))})


def test_each_part_has_the_joules_of_its_keys(packed: bytes) -> None:
    shown = breakdown(packed)
    assert shown is not None
    billed = {name: cost.price(counts).part_fj for name, counts in (("train", TRAIN), ("score", SCORE))}
    for row in shown.rows:
        assert row.train_j == pytest.approx(billed["train"][row.part] / 1e15, abs=2e-6)
        assert row.score_j == pytest.approx(billed["score"][row.part] / 1e15, abs=2e-6)
    assert sum(row.share for row in shown.rows) == pytest.approx(1)


def test_the_raw_counts_of_both_windows_are_shown(packed: bytes) -> None:
    shown = breakdown(packed)
    assert shown is not None
    assert dict(shown.counts)["storage"] == 1_500_000_000


def test_the_picture_says_in_words_what_it_shows(packed: bytes) -> None:
    shown = breakdown(packed)
    assert shown is not None
    assert "storage 0.16 J" in shown.svg


def test_another_meters_trace_and_rubbish_show_nothing() -> None:
    readings = CpuTimeMeter().read(BOX) + CpuTimeMeter().read(BOX)
    other = traces.pack({"train": Trace(Window(0, 1), "cpu-time", CpuTimeMeter.channels, readings)})
    posing = traces.pack({"train": Trace(Window(0, 1), "wgsl-counts", CpuTimeMeter.channels, readings)})
    assert [breakdown(each) for each in (other, posing, b"rubbish", json.dumps({}).encode())] == [None] * 4


def test_the_demos_first_host_judges_no_browsers_example() -> None:
    names = ["webgpu-js", "webgpu-mlp", "digits-torch", "digits-mlp"]
    assert [suits(EXAMPLES / name) for name in names] == [False, False, False, True]
