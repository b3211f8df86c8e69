"""The meter of counted WGSL: each key a channel, joules recomputed from the trace alone, an account that's wrong voids the run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from minjoule import trace as traces
from minjoule.box import BoxLimits, BoxSpec, Phase
from minjoule.joint_meter import JointMeter, listeners
from minjoule.meter import CpuTimeMeter, MeterFault
from minjoule.webgpu import cost
from minjoule.wgsl_counts import WgslCountsMeter, prices
from minjoule.window import Trace, Window, measure
from tests.fakes.box import FakeBox, Script

BOX = FakeBox(BoxSpec("b", Phase.TRAIN, Path(), "schedule.json", (), "webgpu", BoxLimits(1, 1, 1, 1, 1, 1), {}), Script(), [])
COUNTS = {"storage": "123456789012", "register": "7000000000", "f32 mul": "3000000000", "other": "5000000"}


def account(**counts: str) -> bytes:
    return json.dumps({"counts": counts}).encode()


def window_of(meter: WgslCountsMeter, said: bytes | None) -> Trace:
    before = meter.read(BOX)
    if said is not None:
        meter.hear(said)
    return Trace(Window(before[0].before_ns, before[-1].after_ns + 1), "wgsl-counts", meter.channels, before + meter.read(BOX))


def test_a_window_costs_what_the_table_says_and_a_stored_trace_says_the_same() -> None:
    trace = window_of(WgslCountsMeter(), account(**COUNTS))
    assert measure(trace).energy_uj == cost.price(COUNTS).energy_uj
    assert measure(traces.unpack(traces.pack({"train": trace}))["train"]) == measure(trace)


def test_each_window_is_billed_its_own_counts() -> None:
    meter = WgslCountsMeter()
    first, second = window_of(meter, account(storage="1000000000")), window_of(meter, account(storage="3000000000"))
    assert 3 * measure(first).energy_uj == measure(second).energy_uj


def test_a_window_without_an_account_adds_nothing() -> None:
    assert measure(window_of(WgslCountsMeter(), None)).energy_uj == 0


def test_columns_name_every_price() -> None:
    columns = measure(window_of(WgslCountsMeter(), account(**COUNTS))).columns
    assert [column.channel for column in columns] == list(prices(cost.table()))


WRONG = [b"no json", b"[]", b"{}", account(storage="-1"), account(storage="1.5"), account(storage="9" * 31), account(magic="1")]


@pytest.mark.parametrize("said", WRONG)
def test_an_account_that_cannot_be_read_is_our_fault(said: bytes) -> None:
    with pytest.raises(MeterFault):
        WgslCountsMeter().hear(said)


def test_only_a_meter_that_listens_is_told() -> None:
    counting = WgslCountsMeter()
    assert listeners(CpuTimeMeter()) == ()
    assert listeners(counting) == (counting,)
    assert listeners(JointMeter("modelled-wgsl", [counting], [CpuTimeMeter()])) == (counting,)


def test_facts_say_that_it_is_a_model() -> None:
    facts = WgslCountsMeter().facts
    assert (facts.modelled, facts.boundary) == (True, "modelled-wgsl")
    assert replace(facts).device == cost.table().name
