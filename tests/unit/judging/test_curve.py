"""Joules between two borders: the interval holds the truth, parts add up, and neither offset, shift nor wrap matters."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.curve import part_between
from minjoule.meter import Channel, Kind, MeterFault, Reading, Reason
from minjoule.window import Trace, Window, mean_power_uw, measure
from tests.fakes.simulated import MS, SECOND, Simulated, board, constant, package, plug, square

SEEDS = st.integers(0, 2**32)
DEVICES = pytest.mark.parametrize("make", [board, package, plug])


def simulated(make: Callable[[random.Random], Simulated], seed: int, seconds: float) -> tuple[Simulated, Trace]:
    device = make(random.Random(seed))
    return device, device.attend(int(seconds * SECOND), SECOND if make is plug else 100 * MS)


def shifted(trace: Trace, by_ns: int) -> Trace:
    readings = tuple(replace(each, before_ns=each.before_ns + by_ns, after_ns=each.after_ns + by_ns) for each in trace.readings)
    return replace(trace, window=Window(trace.window.begin_ns + by_ns, trace.window.end_ns + by_ns), readings=readings)


@pytest.mark.parametrize(("make", "seconds"), [(board, 2.0), (board, 10.0), (package, 1.0), (plug, 30.0), (plug, 100.0)])
def test_the_interval_holds_the_truth_in_at_least_95_of_100_random_powers(
    make: Callable[[random.Random], Simulated], seconds: float
) -> None:
    held = 0
    for seed in range(100):
        device, trace = simulated(make, seed, seconds)
        measured = measure(trace)
        assert measured.on_host_uj is not None
        held += abs(measured.energy_uj - device.truth_uj(trace.window)) <= measured.on_host_uj
    assert held >= 95


@pytest.mark.parametrize(("make", "seconds", "most"), [(board, 2.0, 0.02), (board, 10.0, 0.004), (package, 1.0, 0.002), (plug, 100.0, 0.1)])
def test_the_interval_is_narrow(make: Callable[[random.Random], Simulated], seconds: float, most: float) -> None:
    widths = []
    for seed in range(30):
        measured = measure(simulated(make, seed, seconds)[1])
        assert measured.on_host_uj is not None
        widths.append(measured.on_host_uj / measured.energy_uj)
    assert sum(widths) / len(widths) < most


@DEVICES
@given(seed=SEEDS, cut=st.floats(0.1, 0.9))
def test_two_parts_of_a_window_add_up_to_the_whole(make: Callable[[random.Random], Simulated], seed: int, cut: float) -> None:
    _, trace = simulated(make, seed, 5)
    (channel,), window = trace.channels, trace.window
    middle_ns = window.begin_ns + int(cut * (window.end_ns - window.begin_ns))
    parts = [
        part_between(channel, trace.readings, *borders).energy_uj for borders in ((window.begin_ns, middle_ns), (middle_ns, window.end_ns))
    ]
    assert sum(parts) == part_between(channel, trace.readings, window.begin_ns, window.end_ns).energy_uj


@DEVICES
@given(seed=SEEDS, by_ns=st.integers(0, 10**15))
def test_a_shift_in_time_changes_nothing(make: Callable[[random.Random], Simulated], seed: int, by_ns: int) -> None:
    _, trace = simulated(make, seed, 3)
    one, other = measure(trace), measure(shifted(trace, by_ns))
    assert (one.energy_uj, one.on_host_uj, one.doubts) == (other.energy_uj, other.on_host_uj, other.doubts)


@given(seed=SEEDS, offset=st.integers(0, 10**12))
def test_a_constant_on_the_counter_changes_nothing(seed: int, offset: int) -> None:
    _, trace = simulated(board, seed, 2)
    moved = replace(trace, readings=tuple(replace(each, raw=each.raw + offset) for each in trace.readings))
    assert replace(measure(moved), window=trace.window) == measure(trace)


@given(seed=SEEDS, offset=st.integers(0, 262_143_328_850))
def test_the_place_of_a_wrap_changes_nothing(seed: int, offset: int) -> None:
    _, trace = simulated(package, seed, 1)
    wrap = trace.channels[0].wraps_at
    assert wrap is not None
    moved = replace(trace, readings=tuple(replace(each, raw=(each.raw + offset) % wrap) for each in trace.readings))
    assert measure(moved) == measure(trace)


def test_interpolation_finds_the_border_between_two_ticks() -> None:
    """Constant 100 W: the counter says too little at both borders, the interpolated bill doesn't."""
    dice = random.Random(1)
    device = replace(board(dice), power=constant(100))
    trace = device.attend(1030 * MS)
    inside = [each.raw for each in trace.readings if trace.window.begin_ns <= each.before_ns <= trace.window.end_ns]
    assert abs((inside[-1] - inside[0]) / 1000 - 103) > 1
    assert measure(trace).energy_uj == pytest.approx(103e6, rel=0.003)


def test_a_square_wave_in_step_with_the_ticks_is_within_its_stated_doubt() -> None:
    for seed in range(30):
        device = board(random.Random(seed))
        device.power = square(100 * MS, 20, 380)
        trace = device.attend(1500 * MS)
        measured = measure(trace)
        assert measured.on_host_uj is not None
        assert abs(measured.energy_uj - device.truth_uj(trace.window)) <= measured.on_host_uj


def test_sampled_power_follows_a_ramp_exactly() -> None:
    channel = Channel("p", 1_000_000, 1, kind=Kind.POWER)
    readings = tuple(Reading("p", at * SECOND, at * SECOND, 10 * at) for at in range(11))
    assert part_between(channel, readings, 2 * SECOND + SECOND // 2, 7 * SECOND).energy_uj == (7**2 - 2.5**2) * 5_000_000


def test_mean_power_of_a_band_is_its_energy_over_its_time() -> None:
    device = replace(board(random.Random(3)), power=constant(42))
    trace = device.attend(2 * SECOND)
    assert mean_power_uw(trace, trace.window) == pytest.approx(42_000_000, rel=0.003)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_border_without_a_tick_beyond_it_is_void(side: str) -> None:
    _, trace = simulated(board, 5, 2)
    begin_ns, end_ns = trace.window.begin_ns, trace.window.end_ns
    if side == "before":
        readings = tuple(each for each in trace.readings if each.before_ns > begin_ns)
    else:
        readings = tuple(each for each in trace.readings if each.after_ns < end_ns - 200 * MS)
    with pytest.raises(MeterFault, match=f"never seen to change {side}") as caught:
        measure(replace(trace, readings=readings))
    assert caught.value.reason is Reason.GAP


def test_sampled_power_that_misses_a_border_is_void() -> None:
    _, trace = simulated(plug, 5, 10)
    with pytest.raises(MeterFault, match="both sides of the window"):
        measure(replace(trace, readings=trace.readings[:-1]))
