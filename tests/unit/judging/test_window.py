"""From raw readings to exact joules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.meter import Channel, MeterFault, Reading
from minjoule.window import Trace, Window, counts, energy_uj

STEPS = st.lists(st.integers(0, 999), min_size=1, max_size=30)
WRAPPING = Channel("package-0", 1, 1, wraps_at=1000)


def trace(channel: Channel, raws: list[int]) -> Trace:
    return Trace(Window(0, len(raws)), "test", (channel,), tuple(Reading(channel.name, i, i, raw) for i, raw in enumerate(raws)))


@given(start=st.integers(0, 999), steps=STEPS)
def test_the_place_of_a_wrap_changes_nothing(start: int, steps: list[int]) -> None:
    raws = [start]
    for step in steps:
        raws.append((raws[-1] + step) % 1000)
    assert counts(WRAPPING, raws) == sum(steps)


@given(steps=STEPS, offset=st.integers(0, 10**15))
def test_a_constant_on_the_counter_changes_nothing(steps: list[int], offset: int) -> None:
    channel = Channel("cpu", 10, 1000)
    raws = [sum(steps[:i]) for i in range(len(steps) + 1)]
    assert energy_uj(trace(channel, [raw + offset for raw in raws])) == energy_uj(trace(channel, raws))


@given(steps=STEPS, cut=st.integers(0, 30))
def test_two_parts_add_up_to_the_whole(steps: list[int], cut: int) -> None:
    raws = [sum(steps[:i]) for i in range(len(steps) + 1)]
    middle = min(cut, len(steps))
    assert counts(WRAPPING, [raw % 1000 for raw in raws]) == counts(WRAPPING, [raw % 1000 for raw in raws[: middle + 1]]) + counts(
        WRAPPING, [raw % 1000 for raw in raws[middle:]]
    )


def test_energy_is_rounded_once_over_all_channels() -> None:
    channels = (Channel("a", 1, 3), Channel("b", 1, 3))
    readings = tuple(Reading(name, 0, 0, raw) for raw in (0, 1) for name in ("a", "b"))
    assert energy_uj(Trace(Window(0, 1), "test", channels, readings)) == 1  # 1/3 + 1/3, each alone would be 0


def test_a_counter_that_goes_backwards_voids_the_run() -> None:
    with pytest.raises(MeterFault, match="backwards, from 5 to 3"):
        counts(Channel("cpu", 1, 1), [5, 3])


def test_a_reading_outside_the_counters_range_voids_the_run() -> None:
    with pytest.raises(MeterFault, match="outside its range of 1000"):
        counts(WRAPPING, [1500, 3])


@pytest.mark.parametrize("raws", [[], [7]])
def test_a_silent_meter_is_void_and_never_zero(raws: list[int]) -> None:
    with pytest.raises(MeterFault, match="2 are needed"):
        energy_uj(trace(Channel("cpu", 1, 1), raws))
