"""A window over a whole machine: what precedes the gate, what follows the empty box, and what voids it."""

import threading
from itertools import pairwise
from pathlib import Path

import pytest

from minjoule import attendant
from minjoule.attendant import WindowRules
from minjoule.joint_meter import JointMeter
from minjoule.meter import Meter, MeterFault, Reason
from minjoule.outcome import Outcome
from minjoule.problems import PROBLEMS
from minjoule.tracks import parse_track, shipped
from minjoule.trial import Trial, TrialResult, TrialSpec
from minjoule.window import Window, mean_power_uw
from tests.fakes.box import FakeBoxes, Script
from tests.fakes.meter import LiveMeter

RULES = parse_track(shipped()["parity"])
LONG_NS = 10**12
"""Long enough for one box a window."""


def spec() -> TrialSpec:
    draw = lambda place: PROBLEMS["parity"].draw(b"k" * 32)  # noqa: E731
    return TrialSpec("t", Path("/nowhere"), "entry.py", (), "python", draw, 1, RULES.caps.to_trial(), expected_ns=LONG_NS)


def trial(meter: Meter, rules: WindowRules, seconds: float = 0.3, script: Script | None = None) -> TrialResult:
    hold = threading.Event()
    script = script or Script()
    script.hold = hold
    threading.Timer(seconds, hold.set).start()
    with Trial(spec(), FakeBoxes(script), meter, rules) as carried:
        return carried.carry_out(lambda progress: None)


def test_the_bill_is_the_machines_power_over_both_windows() -> None:
    result = trial(LiveMeter(50), WindowRules(sample_s=0.02))
    assert result.outcome is Outcome.FINISHED
    for bill in (result.train, result.score):
        assert bill is not None
        measured = bill.measurement
        assert measured.on_host_uj is not None
        assert abs(measured.energy_uj - 50e6 * measured.window.wall_s) <= measured.on_host_uj


def test_ticks_are_caught_before_the_gate_and_after_both_borders() -> None:
    """No sample falls due within the window: whatever is read there was read to catch a tick."""
    bill = trial(LiveMeter(50), WindowRules(sample_s=10)).train
    window, readings = bill.trace.window, bill.trace.readings
    before = [each.raw for each in readings if each.before_ns <= window.begin_ns]
    within = [each.raw for each in readings if window.begin_ns < each.before_ns < window.end_ns]
    behind = [each.raw for each in readings if each.before_ns >= window.end_ns]
    assert before[-1] != before[-2], "the gate opened on a counter that hadn't just ticked"
    assert len(set(within)) == len(set(behind)) == 2


def test_idle_power_stands_in_the_trace_on_both_sides() -> None:
    bill = trial(LiveMeter(50), WindowRules(idle_s=0.2, sample_s=0.02)).train
    begin_ns, end_ns = bill.trace.window.begin_ns, bill.trace.window.end_ns
    for band in (Window(begin_ns - 190_000_000, begin_ns), Window(end_ns, end_ns + 190_000_000)):
        assert mean_power_uw(bill.trace, band) == pytest.approx(50e6, rel=0.04)


def test_the_band_after_training_is_the_one_before_scoring() -> None:
    result = trial(LiveMeter(50), WindowRules(idle_s=0.4, sample_s=0.02))
    assert result.score is not None
    readings, window = result.score.trace.readings, result.score.trace.window
    assert window.begin_ns - readings[0].before_ns < 100_000_000
    assert readings[-1].after_ns - window.end_ns > 390_000_000


def test_a_machine_that_calms_down_late_is_charged_for_its_tail() -> None:
    meter = LiveMeter(20)
    threading.Timer(0.45, lambda: setattr(meter, "watts", 100)).start()  # within the window
    threading.Timer(1.3, lambda: setattr(meter, "watts", 20)).start()  # long after it
    result = trial(meter, WindowRules(idle_s=0.2, sample_s=0.02, tail_s=5), seconds=0.5)
    assert result.train.measurement.window.wall_s > 0.9
    assert result.train.measurement.energy_uj > 70e6


def test_a_machine_that_never_calms_down_voids_the_run() -> None:
    meter = LiveMeter(20)
    threading.Timer(0.45, lambda: setattr(meter, "watts", 100)).start()
    with pytest.raises(MeterFault, match="idle power was") as caught:
        trial(meter, WindowRules(idle_s=0.2, sample_s=0.02, tail_s=0.5))
    assert caught.value.reason is Reason.UNQUIET


def test_a_stranger_on_the_device_keeps_the_gate_shut() -> None:
    meter = LiveMeter()
    meter.strangers = 1
    boxes = FakeBoxes()
    with Trial(spec(), boxes, meter, WindowRules()) as carried, pytest.raises(MeterFault, match="process 1") as caught:
        carried.carry_out(lambda progress: None)
    assert caught.value.reason is Reason.FOREIGN_PROCESS
    assert [box.cpu_ns() for box in boxes.boxes] == [0, 0]


def test_what_lingers_on_the_device_is_waited_for_and_billed() -> None:
    meter = LiveMeter()
    threading.Timer(0.15, lambda: setattr(meter, "strangers", 10)).start()
    result = trial(meter, WindowRules(sample_s=0.02), seconds=0.3)
    assert result.train.measurement.window.wall_s > 0.3 + 9 * attendant.QUIET_POLL_S


def test_what_stays_on_the_device_voids_the_run() -> None:
    meter = LiveMeter()
    threading.Timer(0.15, lambda: setattr(meter, "strangers", 10**6)).start()
    with pytest.raises(MeterFault, match="process 1"):
        trial(meter, WindowRules(sample_s=0.02, tail_s=0.2))


def test_a_counter_that_stands_still_in_mid_run_voids_it() -> None:
    meter = LiveMeter()
    meter.watts = 50
    threading.Timer(0.15, lambda: setattr(meter, "stands_still", True)).start()
    with pytest.raises(MeterFault, match="stood still|started anew|went backwards"):
        trial(meter, WindowRules(sample_s=0.02))


def test_a_machine_that_slept_meanwhile_voids_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = iter([0, 10**9])
    monkeypatch.setattr(attendant, "asleep_ns", lambda: next(asleep))
    with pytest.raises(MeterFault, match="suspended") as caught:
        trial(LiveMeter(), WindowRules(sample_s=0.02))
    assert caught.value.reason is Reason.CLOCK_STEP


def test_of_two_meters_the_quicker_one_is_read_nearest_to_the_borders() -> None:
    quick, slow = LiveMeter(50), LiveMeter(100)
    slow.tick(100)
    joint = JointMeter("node", [slow, quick])
    bill = trial(joint, WindowRules(sample_s=0.1)).train
    window = bill.trace.window
    assert bill.trace.readings[-1].channel == slow.channels[0].name
    before = [each for each in bill.trace.readings if each.after_ns <= window.begin_ns]
    after = [each for each in bill.trace.readings if each.before_ns >= window.end_ns]
    assert {before[-1].channel, after[0].channel} == {quick.channels[0].name}
    measured = bill.measurement
    assert measured.on_host_uj is not None
    assert abs(measured.energy_uj - 150e6 * window.wall_s) <= measured.on_host_uj


def longest_gap_s(result: TrialResult) -> float:
    readings = result.train.trace.readings
    return max(later.before_ns - earlier.after_ns for earlier, later in pairwise(readings)) / 1e9


def test_a_long_window_is_sampled_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert longest_gap_s(trial(LiveMeter(50), WindowRules(sample_s=0.02), seconds=1.2)) < 0.5
    monkeypatch.setattr(attendant, "LONG_WINDOW_S", 0.0)
    assert longest_gap_s(trial(LiveMeter(50), WindowRules(sample_s=0.02), seconds=1.2)) > 0.6
