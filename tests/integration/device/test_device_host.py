"""A device as a host: what is cleared before a claim, what doctor and enrolment say, and the pulses that a meter must follow."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from minjoule.box import BoxFault, BoxStuck
from minjoule.meter import MeterFault
from sandbox.device import browser as device_browser
from sandbox.device.browser import DeviceBrowser
from sandbox.device.cdp import Connection, DeviceGone
from sandbox.device.origin import Origin
from tests.fakes.adb import FULL, FakeAdb
from tests.fakes.lab import Lab
from tests.integration.device.conftest import box_of
from tests.second_browser import SecondBrowser
from worker import __main__ as command
from worker.calibration import Calibration, Plan, pulsed, verdict
from worker.device_config import DeviceConfig, load_device, store_device
from worker.device_host import DeviceHost, examined
from worker.meters.recorded import CsvMeter

RUNNER = CliRunner()
PLAN = Plan(pulse_s=0.5, sample_s=0.02)


@pytest.fixture
def host(phone: SecondBrowser) -> Iterator[DeviceHost]:
    host = DeviceHost(DeviceConfig(url=phone.url))
    yield host
    host.close()


@pytest.mark.parametrize("contexts", [True, False])
def test_what_another_worker_left_is_gone_before_a_claim(
    browser: DeviceBrowser, phone: SecondBrowser, entry: Callable[[str], Path], *, contexts: bool
) -> None:
    dead = DeviceBrowser(phone.url, contexts=contexts)
    box = box_of(dead, entry("export {};"))
    box.prepare()
    assert browser.reap() >= 1
    assert browser.reap() == 0
    assert box._page is not None
    assert box._page.gone.wait(5), "its page was closed"
    box.cleanup()
    dead.close()


def test_a_dead_workers_contexts_go_with_its_connection(browser: DeviceBrowser, phone: SecondBrowser, entry: Callable[[str], Path]) -> None:
    dead = DeviceBrowser(phone.url)
    box_of(dead, entry("export {};")).start()
    dead.connection().close()
    until = time.monotonic() + 10
    while browser.connection().call("Target.getBrowserContexts")["browserContextIds"]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_browser_that_hangs_up_is_found_again(browser: DeviceBrowser) -> None:
    browser.free_gpu()
    browser.connection().close()
    browser.free_gpu()
    assert browser.reap() == 0


def test_a_graphics_process_that_never_comes_back_quarantines_the_host(browser: DeviceBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_browser, "MEND_S", 0.3)
    monkeypatch.setattr(device_browser, "FREE_S", 0.2)
    browser.watch().ask("free = () => new Promise(() => {})")
    with pytest.raises(BoxStuck, match="graphics process doesn't answer"):
        browser.free_gpu()
    browser.connection().close()  # our page with its deaf answer goes


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:1/"])
def test_where_nobody_answers_it_says_what_to_look_at(url: str) -> None:
    with pytest.raises(DeviceGone, match=r"no browser answers at http://127\.0\.0\.1:\d/json/version .*`adb forward`"):
        Connection(url)


def test_doctor_shows_the_device_its_adapter_and_its_battery(phone: SecondBrowser, tmp_path: Path) -> None:
    assert examined(tmp_path) == []
    adb = FakeAdb(tmp_path / "adb")
    store_device(tmp_path, DeviceConfig(url=phone.url, adb=adb.serial, adb_program=str(adb.program)))
    reached, adapter, battery = examined(tmp_path)
    assert "Chrome/" in reached.said
    assert "model Pixel 7" in reached.said
    assert (adapter.accepted, adapter.said) == (True, "google swiftshader, software")
    assert (battery.accepted, battery.said) == (True, "100 %, on the supply (Android and the browser)")
    adb.tells(FULL.replace("level: 100", "level: 55"))
    assert not examined(tmp_path)[2].accepted
    assert "55 %" in examined(tmp_path)[2].said
    store_device(tmp_path, DeviceConfig(url="http://127.0.0.1:9"))
    (absent,) = examined(tmp_path)
    assert (absent.name, absent.accepted) == ("device", False)


def test_a_battery_that_was_taken_out_is_the_organizers_word(phone: SecondBrowser) -> None:
    host = DeviceHost(DeviceConfig(url=phone.url, battery="none"))
    assert host.witnesses() == ()
    assert host.live_facts() == {"battery": "none, on the organizer's word"}
    host.close()


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINJOULE_WORKER_DATA_DIR", str(tmp_path / "worker"))
    return tmp_path / "worker"


def test_enrolment_tells_the_server_of_the_device_and_keeps_its_address(
    phone: SecondBrowser, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, object] = {}

    def post(url: str, json: dict[str, object], timeout: float) -> httpx.Response:
        told.update(json)
        given = {"host_id": 1, "host_class": "phones", "boundary": "device-wall", "unsandboxed": False, "token": "mj_host_1_x"}
        return httpx.Response(201, json=given)

    monkeypatch.setattr(command.httpx, "post", post)
    words = ["enrol", "--server", "http://x", "--code", "c", "--name", "n", "--device", phone.url, "--battery", "none"]
    done = RUNNER.invoke(command.cli, words)
    assert done.exit_code == 0, done.output
    assert load_device(data_dir) == DeviceConfig(url=phone.url, battery="none")
    facts = told["facts"]
    assert isinstance(facts, dict)
    assert (facts["box"], facts["adapter"]) == ("device", "google swiftshader, software")
    assert all(len(str(value)) <= 300 for value in facts.values()), "what the server takes"


@pytest.mark.parametrize(
    ("device", "said"), [("http://127.0.0.1:9", "no browser answers"), ("127.0.0.1:9222", "http://HOST:PORT"), ("http://", "--device")]
)
def test_nobody_enrols_with_a_device_that_doesnt_answer(data_dir: Path, device: str, said: str) -> None:
    done = RUNNER.invoke(command.cli, ["enrol", "--server", "http://127.0.0.1:9", "--code", "c", "--device", device])
    assert done.exit_code == 2
    assert said in done.stderr
    assert load_device(data_dir) is None


@pytest.mark.parametrize(
    ("ahead_s", "corrected_s", "failed"),
    [
        (0.0, 0.0, ""),
        (0.9, -0.9, ""),
        (-0.3, 0.0, "is 0.3 s ahead of this machine's load, 0.102 s are allowed by its delta_s: add +0.3 s to its offset_s"),
    ],
)
def test_a_lab_meters_clock_is_held_to_the_devices_pulses(
    host: DeviceHost, tmp_path: Path, ahead_s: float, corrected_s: float, failed: str
) -> None:
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(tmp_path / "lab.csv", ahead_s))
        meter = CsvMeter(tmp_path / "lab.csv", "device-wall", offset_s=corrected_s, delta_s=0.002)
        load = stack.enter_context(lab.watched(stack.enter_context(host.load(0.1, 1))))
        (pulses,) = pulsed(meter, load.pulse, PLAN)
    assert pulses.correlation > 0.9
    said = verdict(Calibration("now", "csv", 0, (1, 1), 0.0, (pulses,), ""), ())
    assert failed in said
    assert bool(said) == bool(failed), said


def test_a_lab_meters_row_from_the_future_is_no_reading(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab.csv", ahead_s=0.9), pytest.raises(MeterFault, match=r"has a row of 0\.\d+ s from now.*mend `offset_s`"):
        CsvMeter(tmp_path / "lab.csv", "device-wall", delta_s=0.002)


def test_the_control_workload_is_the_same_work_each_time_and_a_pulse_lasts_as_it_should(host: DeviceHost) -> None:
    with host.load(0.2) as load:
        assert load.rounds >= 1
        load.control()
        began = time.monotonic()
        load.pulse(0.5)
        assert time.monotonic() - began >= 0.5


def test_a_device_that_leaves_while_it_is_calibrated_is_a_fault(host: DeviceHost) -> None:
    host._config = DeviceConfig(url="http://127.0.0.1:9")
    host.browser.url = "http://127.0.0.1:9"
    with host.load(0.1, 1) as load:
        host.browser.connection().close()
        with pytest.raises(BoxFault, match="the device doesn't answer: no browser answers"):
            load.control()


def test_our_page_has_a_secure_context_and_no_origin_twice(host: DeviceHost) -> None:
    assert host.ask("facts()")["secure"] == "true"
    assert Origin().address != Origin().address
