"""Void, never wrong: every sign that a meter can't be believed has its reason, and an honest trace has none."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from minjoule.meter import Channel, Kind, MeterFault, Reading, Reason
from minjoule.void import refuse, refuse_idle_drift
from minjoule.window import Trace, Window, measure
from tests.fakes.simulated import MS, SECOND, board, package, plug

Readings = list[Reading]


def honest(make: Callable[[random.Random], object] = board) -> Trace:
    trace: Trace = make(random.Random(11)).attend(4 * SECOND)  # type: ignore[attr-defined]
    return trace


def later(readings: Readings, by_ns: int, start: int) -> Readings:
    moved = [replace(each, before_ns=each.before_ns + by_ns, after_ns=each.after_ns + by_ns) for each in readings[start:]]
    return readings[:start] + moved


def raised(readings: Readings, by: int, start: int) -> Readings:
    return readings[:start] + [replace(each, raw=each.raw + by) for each in readings[start:]]


MIDDLE = -40
SPOILT = {
    "missing": (board, lambda each: [], Reason.SILENT, "gave 0 readings"),
    "one reading": (board, lambda each: each[:1], Reason.SILENT, "gave 1 readings"),
    "frozen": (
        board,
        lambda each: (
            each + [replace(each[-1], before_ns=each[-1].before_ns + at, after_ns=each[-1].after_ns + at) for at in (SECOND, 2 * SECOND)]
        ),
        Reason.FROZEN,
        "stood still at",
    ),
    "backwards": (board, lambda each: raised(each, -100_000, MIDDLE), Reason.BACKWARDS, "went backwards"),
    "reset": (
        board,
        lambda each: each[:MIDDLE] + [replace(one, raw=one.raw - each[MIDDLE].raw) for one in each[MIDDLE:]],
        Reason.RESET,
        "anew",
    ),
    "reset of a counter that wraps": (
        package,
        lambda each: each[:MIDDLE] + [replace(one, raw=one.raw - each[MIDDLE].raw) for one in each[MIDDLE:]],
        Reason.RESET,
        "can't be a wrap",
    ),
    "outside its range": (package, lambda each: raised(each, 10**12, MIDDLE), Reason.RESET, "outside its range"),
    "gap": (board, lambda each: later(each, 16 * SECOND, MIDDLE), Reason.GAP, "wasn't read for"),
    "gap in samples": (plug, lambda each: later(each, 6 * SECOND, 3), Reason.GAP, "5.000 s are allowed"),
    "more than its rating": (board, lambda each: raised(each, 4_000_000, MIDDLE), Reason.POWER_BOUNDS, "between 1 W and 400 W"),
    "less than it always draws": (
        board,
        lambda each: [replace(one, raw=each[0].raw + place) for place, one in enumerate(each)],
        Reason.POWER_BOUNDS,
        "between 1 W",
    ),
    "a sample above the rating": (plug, lambda each: raised(each, 99_999, 3), Reason.POWER_BOUNDS, "3680 W"),
    "no power at all": (plug, lambda each: [replace(one, raw=0) for one in each], Reason.POWER_BOUNDS, "says 0.000 W"),
    "the clock steps back": (board, lambda each: later(each, -300 * MS, MIDDLE), Reason.CLOCK_STEP, "stepped back by"),
    "a reading that ends before it begins": (
        board,
        lambda each: [*each[:5], replace(each[5], after_ns=each[5].before_ns - 1), *each[6:]],
        Reason.CLOCK_STEP,
        "before it began",
    ),
}


@pytest.mark.parametrize(("make", "spoil", "reason", "said"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_trace_is_void_with_its_reason(
    make: Callable[[random.Random], object], spoil: Callable[[Readings], Readings], reason: Reason, said: str
) -> None:
    trace = honest(make)
    with pytest.raises(MeterFault, match=said) as caught:
        measure(replace(trace, readings=tuple(spoil(list(trace.readings)))))
    assert caught.value.reason is reason


@pytest.mark.parametrize("make", [board, package, plug])
def test_an_honest_trace_is_taken(make: Callable[[random.Random], object]) -> None:
    assert measure(honest(make)).energy_uj > 0


def test_a_counter_that_could_wrap_twice_unseen_is_void() -> None:
    """65.5 kJ at 280 W is 234 s; a counter of a thousandth of that must be looked at every 0.234 s."""
    channel = Channel("rapl/package-0", 1, 1, wraps_at=65_500_000, kind=Kind.COUNTER, most_uw=280_000_000)
    readings = [Reading(channel.name, at, at, at // 10**6) for at in (0, SECOND // 5, SECOND // 2)]
    with pytest.raises(MeterFault, match="0.234 s are allowed"):
        refuse(channel, readings)


def test_the_boxs_own_counter_may_be_silent_for_as_long_as_it_likes() -> None:
    refuse(Channel("cpu", 10, 1000), [Reading("cpu", 0, 0, 5), Reading("cpu", 3600 * SECOND, 3600 * SECOND, 5)])


def test_idle_power_may_drift_by_a_twentieth_and_no_more() -> None:
    refuse_idle_drift(20_000_000, 21_000_000)
    refuse_idle_drift(20_000_000, 19_000_000)
    with pytest.raises(MeterFault, match=r"20\.000 W before and 21\.100 W after") as caught:
        refuse_idle_drift(20_000_000, 21_100_000)
    assert caught.value.reason is Reason.UNQUIET


@pytest.mark.parametrize(("wall_w", "plausible"), [(150, True), (90, True), (40, False)])
def test_a_wall_meter_that_says_less_than_what_is_behind_it_voids_the_run(wall_w: int, plausible: bool) -> None:
    """A package of 100 W; a plug at low load may be 15 % off, but not on another machine."""
    inside = Channel("rapl/package-0", 1, 1, kind=Kind.COUNTER)
    wall = Channel("shelly/wall", 1000, 1, kind=Kind.POWER, billed=False, encloses=True)
    readings = [Reading(inside.name, at * SECOND, at * SECOND, at * 100_000_000) for at in range(11)]
    readings += [Reading(wall.name, at * SECOND, at * SECOND, wall_w * 1000) for at in range(11)]
    trace = Trace(Window(SECOND, 9 * SECOND), "rapl", (inside, wall), tuple(sorted(readings, key=lambda each: each.before_ns)))
    if plausible:
        assert measure(trace).energy_uj == 800_000_000
        return
    with pytest.raises(MeterFault, match="shelly/wall says 320.000 J, the meters behind it say 800.000 J") as caught:
        measure(trace)
    assert caught.value.reason is Reason.NESTING
