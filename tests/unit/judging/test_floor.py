"""The duration floor's arithmetic: how many boxes share a window, what each is billed, and how their draws are named."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule import floor
from minjoule.meter import Channel, CpuTimeMeter, Kind
from minjoule.window import Column, Measurement, Window
from server.domain.keys import instance_key

MS, SECOND = 10**6, 10**9
BOARD = Channel("nvml/gpu-0", 1000, 1, kind=Kind.COUNTER, update_ns=100 * MS)
PACKAGE = Channel("rapl/package-0", 1, 1, kind=Kind.COUNTER, update_ns=MS)
PLUG = Channel("shelly/plug", 1, 1, kind=Kind.POWER, update_ns=SECOND)
FLOORS = {
    "a board that ticks every 100 ms": ((BOARD,), 10 * SECOND),
    "a plug of 1 Hz": ((PLUG,), 100 * SECOND),
    "a package that ticks every millisecond": ((PACKAGE,), SECOND // 10),
    "board and package: the slower one's": ((PACKAGE, BOARD), 10 * SECOND),
    "a plug beside the bill doesn't matter": ((PACKAGE, replace(PLUG, billed=False)), SECOND // 10),
    "the box's own account has no borders": (CpuTimeMeter.channels, 0),
}


@pytest.mark.parametrize(("channels", "due_ns"), FLOORS.values(), ids=FLOORS.keys())
def test_a_bill_lasts_a_hundred_update_periods_of(channels: tuple[Channel, ...], due_ns: int) -> None:
    assert floor.floor_ns(channels) == due_ns


@pytest.mark.parametrize(
    ("expected_ns", "boxes"),
    [(10 * SECOND, 1), (600 * SECOND, 1), (10 * SECOND - 1, 2), (SECOND, 10), (SECOND // 100, 32), (1, 32), (0, 32)],
)
def test_boxes_fill_the_floor_up_to_what_a_host_can_hold(expected_ns: int, boxes: int) -> None:
    assert floor.boxes_due(10 * SECOND, expected_ns) == boxes


def test_nobody_holds_a_host_by_being_quick_while_its_looked_at_and_slow_afterwards() -> None:
    assert floor.window_allowance_s(60, 10 * SECOND, 32) == 80
    assert floor.window_allowance_s(60, 10 * SECOND, 1) == 60


def test_windows_clearly_shorter_than_their_floor_say_so() -> None:
    assert floor.below_floor(10 * SECOND, 7 * SECOND)
    assert not floor.below_floor(10 * SECOND, 9 * SECOND)
    assert not floor.below_floor(0, 1)


def test_the_first_box_has_the_runs_own_draw_and_every_other_one_a_draw_of_its_own_that_a_replacement_keeps() -> None:
    key = instance_key(b"secret", "d" * 64, "board", 0)
    places = [0, 1, 2, 31, floor.PROBE]
    keys = [floor.repeat_key(key, place) for place in places]
    assert keys[0] == key
    assert len(set(keys)) == len(places)
    assert keys == [floor.repeat_key(key, place) for place in places]
    assert {len(each) for each in keys} == {32}
    seeds = [floor.repeat_seed(7, place) for place in places]
    assert seeds[0] == 7
    assert len(set(seeds)) == len(places)
    assert all(0 <= seed < 2**63 for seed in seeds)


@given(st.integers(1, 2**52), st.integers(0, 2**40), st.integers(1, 32))
def test_a_box_is_billed_its_part_and_no_doubt_is_rounded_away(energy_uj: int, doubt_uj: int, boxes: int) -> None:
    whole = Measurement(Window(0, SECOND), energy_uj, doubt_uj, doubt_uj, (), (Column("c", energy_uj, billed=True),))
    part = whole.shared(boxes)
    assert abs(part.energy_uj - Fraction(energy_uj, boxes)) <= Fraction(1, 2)
    assert part.on_host_uj is not None
    assert part.on_host_uj == part.expanded_uj
    assert 0 <= part.on_host_uj - Fraction(doubt_uj, boxes) < 1
    assert part.columns[0].energy_uj == part.energy_uj
    assert replace(whole, expanded_uj=None, on_host_uj=None).shared(boxes).on_host_uj is None
