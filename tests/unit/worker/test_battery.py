"""A device's battery: how Android's account is read, and which windows it voids."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from minjoule.meter import MeterFault, Reason
from tests.fakes.adb import FULL, FakeAdb
from worker.battery import Battery, BatteryWatch, ask_adb, from_dumpsys, from_page, joined

GOOD = Battery(True, 100.0, True, 100.0, False, 4_024_000, "Android")
BOX: object = object()


def watch(*looks: Battery | None) -> BatteryWatch:
    left = list(looks)
    return BatteryWatch(lambda: left.pop(0))


def test_a_phone_that_is_full_at_its_charger() -> None:
    assert from_dumpsys(FULL) == GOOD


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status: 5": "status: 3"}, {"charging": False, "discharged": True}),
        ({"USB powered: true": "USB powered: false"}, {"charging": False, "discharged": True}),
        ({"USB powered: true": "USB powered: false", "AC powered: false": "AC powered: true"}, {}),
        ({"status: 5": "status: 4"}, {}),
        ({"present: true": "present: false"}, {"present": False}),
        ({"level: 100": "level: 43"}, {"level": 43.0, "lowest": 43.0}),
        ({"level: 100": "level: 150", "scale: 100": "scale: 200"}, {"level": 75.0, "lowest": 75.0}),
        ({"  Charge counter: 4024000\n": ""}, {"charge_uah": None}),
        ({"Charge counter: 4024000": "Charge counter: 0"}, {"charge_uah": None}),
    ],
)
def test_androids_account_in_its_variants(changes: dict[str, str], expected: dict[str, object]) -> None:
    text = FULL
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert from_dumpsys(text) == replace(GOOD, **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "error: no devices/emulators found", "Can't find service: battery", FULL.replace("scale: 100", "scale: 0")]
)
def test_what_is_no_account_of_a_battery_is_refused_with_its_words(text: str) -> None:
    with pytest.raises(MeterFault, match="dumpsys battery") as fault:
        from_dumpsys(text)
    assert fault.value.reason is Reason.BATTERY


def test_adb_is_asked_for_one_phone_and_says_why_it_doesnt_answer(tmp_path: Path) -> None:
    adb = FakeAdb(tmp_path)
    assert from_dumpsys(ask_adb(str(adb.program), adb.serial, "dumpsys", "battery")) == GOOD
    with pytest.raises(MeterFault, match="device 'other' not found"):
        ask_adb(str(adb.program), "other", "dumpsys", "battery")
    adb.unplug()
    with pytest.raises(MeterFault, match="adb doesn't reach FA6A1"):
        ask_adb(str(adb.program), adb.serial, "dumpsys", "battery")
    with pytest.raises(MeterFault, match="adb doesn't reach"):
        ask_adb(str(tmp_path / "none"), adb.serial, "dumpsys", "battery")


def test_what_the_browser_saw_in_between_counts_beside_androids_account() -> None:
    page = from_page({"level": 1, "charging": True, "lowest": 0.98, "discharged": True})
    both = joined(GOOD, page)
    assert both == Battery(True, 100.0, True, 98.0, True, 4_024_000, "Android and the browser")
    assert joined(None, page) == page
    assert joined(GOOD, None) == GOOD
    assert joined(None, None) is None
    gone = replace(GOOD, present=False)
    assert joined(gone, page) == gone, "a browser tells of a battery where there's none"


@pytest.mark.parametrize(
    ("battery", "said"),
    [
        (replace(GOOD, level=98.0), "98 %"),
        (replace(GOOD, charging=False), "discharging"),
        (None, "neither the browser nor adb"),
    ],
)
def test_no_window_opens_on_a_battery_that_gives_or_takes(battery: Battery | None, said: str) -> None:
    with pytest.raises(MeterFault, match=said) as fault:
        watch(battery).admit()
    assert fault.value.reason is Reason.BATTERY
    assert "device.toml" in str(fault.value), "it says what to do"


def passes(before: Battery, after: Battery) -> None:
    watcher = watch(before, after)
    watcher.admit()
    assert watcher.read(BOX) == ()  # type: ignore[arg-type]
    watcher.admit()


@pytest.mark.parametrize(
    "after", [GOOD, replace(GOOD, charge_uah=4_023_100), replace(GOOD, charge_uah=None), replace(GOOD, charge_uah=4_030_000)]
)
def test_a_battery_that_stays_as_it_is_lets_a_window_pass(after: Battery) -> None:
    passes(GOOD, after)
    passes(replace(GOOD, present=False, level=0.0), replace(GOOD, present=False, level=0.0))
    passes(replace(GOOD, level=99.0, lowest=99.0), GOOD)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (replace(GOOD, level=99.0), "fell from 100 to 99 %"),
        (replace(GOOD, lowest=99.0), "fell from 100 to 99 %"),
        (replace(GOOD, discharged=True), "ran on its battery"),
        (replace(GOOD, charging=False), "ran on its battery"),
        (replace(GOOD, charge_uah=4_022_000), "fell by 2 mAh"),
    ],
)
def test_joules_of_the_battery_void_the_window(after: Battery, said: str) -> None:
    with pytest.raises(MeterFault, match=said) as fault:
        passes(GOOD, after)
    assert fault.value.reason is Reason.DISCHARGED


@pytest.mark.parametrize("between", [lambda watcher: None, lambda watcher: (watcher.read(BOX), watcher.forget())])
def test_what_the_battery_did_between_two_runs_doesnt_matter(between: Callable[[BatteryWatch], object]) -> None:
    watcher = watch(GOOD, replace(GOOD, level=99.0, lowest=99.0))
    watcher.admit()
    between(watcher)
    watcher.admit()
    assert watcher.last is not None
    assert watcher.last.level == 99.0
