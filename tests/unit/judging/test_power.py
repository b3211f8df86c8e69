"""Power over time for the eye: it's what the device drew, in order, and never more cells than asked for."""

import random
from dataclasses import replace

import pytest

from minjoule.meter import Channel, Kind, Reading
from minjoule.power import power_series
from minjoule.window import Trace, Window, measure
from tests.fakes.simulated import MS, SECOND, Power, board, package, plug


@pytest.mark.parametrize("make", [board, package, plug])
def test_the_picture_holds_about_the_energy_that_the_bill_has(make: object) -> None:
    trace = make(random.Random(4)).attend(20 * SECOND)  # type: ignore[operator]
    (series,) = power_series(trace)
    inside = [
        watts
        for place, watts in enumerate(series.watts)
        if series.begins_s + place * series.cell_s >= 0 and series.begins_s + (place + 1) * series.cell_s <= 20
    ]
    assert sum(inside) * series.cell_s == pytest.approx(measure(trace).energy_uj / 1e6, rel=0.08)


def test_a_step_is_where_it_was() -> None:
    device = board(random.Random(5))
    trace = device.attend(4 * SECOND)
    edge_ns = trace.window.begin_ns + 2 * SECOND
    device = board(random.Random(5))
    device.power = Power((edge_ns, 50), (edge_ns + 3600 * SECOND, 250))
    (series,) = power_series(device.attend(4 * SECOND))
    early = [watts for place, watts in enumerate(series.watts) if 0 < series.begins_s + place * series.cell_s < 1.7]
    late = [watts for place, watts in enumerate(series.watts) if 2.2 < series.begins_s + place * series.cell_s < 3.8]
    assert max(early) < 90 < 200 < min(late)


def test_there_are_no_more_cells_than_asked_for_and_columns_are_marked() -> None:
    trace = package(random.Random(6)).attend(10 * SECOND, 10 * MS)
    trace = replace(trace, channels=(replace(trace.channels[0], billed=False),))
    (series,) = power_series(trace, most_cells=50)
    assert len(series.watts) == 50
    assert not series.billed


def test_the_boxs_own_counter_has_a_picture_too() -> None:
    readings = tuple(Reading("cpu", at * SECOND, at * SECOND, at * SECOND) for at in range(4))
    (series,) = power_series(Trace(Window(0, 3 * SECOND), "cpu-time", (Channel("cpu", 10, 1000),), readings))
    assert series.watts == (10.0, 10.0, 10.0)


def test_a_channel_that_said_next_to_nothing_has_none() -> None:
    trace = Trace(Window(0, 1), "m", (Channel("m/c", 1, 1, kind=Kind.POWER),), (Reading("m/c", 0, 0, 5),))
    assert power_series(trace)[0].watts == ()
