"""A host's calibration: what it finds, when the host must stand down, and what its history is used for."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from minjoule.meter import MeterFault, Reason
from minjoule.void import refuse_unusual_idle
from tests.fakes.meter import LiveMeter, LivePlug
from worker.calibration import (
    Calibration,
    Plan,
    Pulsed,
    calibrate,
    keep,
    load_history,
    refuse_quarantined,
    usual_idle,
    verdict,
)
from worker.load import Load, every_core

PLAN = Plan(idle_s=0.3, pulse_s=0.5, sample_s=0.02)
GOOD = Calibration("2026-01-01T00:00:00+00:00", "live", 20_000_000, (10_000_000,) * 5, 0.0, (Pulsed("live/machine", 0.0, 1.0),), "")


def loading(meter: LiveMeter, watts: Callable[[], float] = lambda: 100) -> Load:
    """A load that the meter sees."""

    def run(seconds: float) -> None:
        meter.watts = watts()
        time.sleep(seconds)
        meter.watts = 20

    return Load(lambda: run(0.2), run)


def test_it_finds_idle_power_the_controls_joules_and_the_pulses() -> None:
    meter = LivePlug(20)
    found = calibrate(meter, loading(meter), PLAN, [])
    assert found.idle_uw == pytest.approx(20e6, rel=0.02)
    assert found.control_uj == (pytest.approx(20e6, rel=0.2),) * 5
    assert [(each.channel, each.lag_s) for each in found.pulses] == [("live/machine", pytest.approx(0, abs=0.11))]
    assert found.pulses[0].correlation > 0.9


def test_a_meter_on_another_machine_doesnt_follow_the_pulses() -> None:
    meter, elsewhere = LivePlug(20), LivePlug(20)
    found = calibrate(meter, loading(elsewhere), PLAN, [])
    assert found.pulses[0].correlation < 0.5
    assert "doesn't follow this machine's load" in verdict(replace(found, spread=0.0), [])


def test_controls_that_spread_stand_the_host_down() -> None:
    meter = LiveMeter(20)
    assert calibrate(meter, loading(meter), PLAN, []).pulses == ()
    uneven = itertools.cycle([80.0, 120.0])
    found = calibrate(meter, loading(meter, lambda: next(uneven)), PLAN, [])
    assert found.spread > 0.01
    assert "spread by" in found.failed


VERDICTS = {
    "passes": (GOOD, [], ""),
    "as it was": (replace(GOOD, control_uj=(10_200_000,) * 5), [GOOD], ""),
    "drifted": (replace(GOOD, control_uj=(10_400_000,) * 5), [GOOD], r"takes +4.00% of the joules it took, 3% are allowed"),
    "late": (replace(GOOD, pulses=(Pulsed("shelly/wall", 2.5, 1.0),)), [], "shelly/wall is 2.5 s behind"),
    "another meter's history": (replace(GOOD, control_uj=(99_000_000,) * 5), [replace(GOOD, meter="other")], ""),
}


@pytest.mark.parametrize(("found", "history", "said"), VERDICTS.values(), ids=VERDICTS.keys())
def test_the_verdict_says_value_and_limit(found: Calibration, history: list[Calibration], said: str) -> None:
    assert verdict(found, history).startswith(said) if not said else said in verdict(found, history)
    assert bool(verdict(found, history)) is bool(said)


def test_a_host_whose_last_calibration_failed_stands_down_until_one_passes(tmp_path: Path) -> None:
    file = tmp_path / "calibrations.jsonl"
    keep(file, replace(GOOD, failed="it's too hot"))
    with pytest.raises(MeterFault, match=r"it's too hot. Look at what else runs") as caught:
        refuse_quarantined(load_history(file), "live")
    assert caught.value.reason is Reason.QUARANTINE
    refuse_quarantined(load_history(file), "another meter")
    keep(file, GOOD)
    refuse_quarantined(load_history(file), "live")
    assert load_history(file) == [replace(GOOD, failed="it's too hot"), GOOD]


def test_a_damaged_history_is_said(tmp_path: Path) -> None:
    (tmp_path / "calibrations.jsonl").write_text('{"at": 1}\n')
    with pytest.raises(MeterFault, match="is damaged"):
        load_history(tmp_path / "calibrations.jsonl")


def test_usual_idle_power_takes_three_calibrations_and_allows_three_sigma() -> None:
    history = [replace(GOOD, idle_uw=idle) for idle in (19_000_000, 20_000_000, 21_000_000)]
    assert usual_idle(history[:2], "live") is None
    assert usual_idle(history, "live") == (20_000_000, 3_000_000)
    refuse_unusual_idle(22_000_000, usual_idle(history, "live"))
    with pytest.raises(MeterFault, match="are usual here") as caught:
        refuse_unusual_idle(24_000_000, usual_idle(history, "live"))
    assert caught.value.reason is Reason.IDLE_DRIFT


def test_the_load_is_real_work_on_other_processes() -> None:
    with every_core(1, 0.1) as load:
        cpu_began, began = time.process_time(), time.monotonic()
        load.control()
        load.pulse(0.1)
        assert time.monotonic() - began > 0.12
        assert time.process_time() - cpu_began < 0.1
