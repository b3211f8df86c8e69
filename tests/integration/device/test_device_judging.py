"""A device as a judging host: enrolled settings to signed record, with a plug over HTTP as its meter; and what is our fault there."""

import base64
import json
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from minjoule.box import BoxFault
from minjoule.bundle import read_folder
from minjoule.joint_meter import members_of
from minjoule.meter import MeterFault
from minjoule.record import public_key, signed_by
from minjoule.trace import unpack
from minjoule.tracks import shipped
from minjoule.window import measure
from server.runs.schemas import Report
from tests.fakes.adb import FULL, FakeAdb
from tests.fakes.plugs import FakeShelly
from tests.fakes.reporter import FakeReporter
from tests.fakes.simulated import constant
from tests.integration.device.conftest import quick_javascript
from tests.second_browser import SecondBrowser
from tests.stack import EXAMPLES
from worker.bench import BenchError, make_bench
from worker.device_config import DeviceConfig, store_device
from worker.judge import Bench, judge_all
from worker.meters.plug import PlugMeter
from worker.meters.shelly import ShellyPlug
from worker.ports import Claim
from worker.settings import Credentials, WorkerSettings
from worker.signing import make_key

WATTS = 4.0
CREDENTIALS = Credentials(server="http://x", host_class="phones", boundary="device-wall", unsandboxed=False, token="mj_host_1_x")


@dataclass
class Host:
    """A device host that can be started, and the server that it reports to."""

    settings: WorkerSettings
    server: FakeReporter

    def bench(self, credentials: Credentials = CREDENTIALS) -> Bench:
        return make_bench(self.settings, credentials)


@pytest.fixture
def plug() -> Iterator[FakeShelly]:
    with FakeShelly(constant(WATTS)) as plug:
        yield plug  # type: ignore[misc]


@pytest.fixture
def adb(tmp_path: Path) -> FakeAdb:
    return FakeAdb(tmp_path / "adb")


@pytest.fixture
def host(phone: SecondBrowser, plug: FakeShelly, adb: FakeAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setattr(ShellyPlug, "update_s", 0.01)  # a bill lasts 1 s then; at a real plug's second it's 100 s
    meters = tmp_path / "meters.toml"
    meters.write_text(f'[[meter]]\nkind = "shelly"\nboundary = "device-wall"\naddress = "{plug.address}"\ndevice = "{plug.device}"\n')
    settings = WorkerSettings(data_dir=tmp_path / "worker", meters_file=meters, idle_s=0, sample_s=0.02, control_every=0)
    store_device(settings.data_dir, DeviceConfig(url=phone.url, adb=adb.serial, adb_program=str(adb.program)))
    make_key(settings.key_path)
    return Host(settings, FakeReporter({}))


def wait_for(host: Host, folder: Path, track: str = "webgpu-digits", **caps: object) -> None:
    """A run of the entry waits at the server."""
    bundle, rules = read_folder(folder), tomllib.loads(shipped()[track])
    rules["caps"] |= caps
    host.server._bundles[bundle.digest] = bundle.to_zip()
    content = {"attempt_id": 1, "run_id": "r1", "epoch": 1, "lease_s": 10, "submission_digest": bundle.digest, "track": rules}
    more = {"entrypoint": bundle.manifest.entrypoint, "instance_key": "00" * 32, "seed": 7, "purpose": "board"}
    host.server.queue.append(Claim.model_validate(content | more))


def judged(host: Host) -> None:
    bench = host.bench()
    try:
        judge_all(host.server, bench, threading.Event())
    finally:
        bench.close()
        for member in members_of(bench.meter):
            if isinstance(member, PlugMeter):
                member.close()


def test_javascript_is_judged_on_the_device_and_billed_by_its_plug(host: Host, tmp_path: Path) -> None:
    wait_for(host, quick_javascript(tmp_path / "entry"))
    judged(host)
    assert host.server.faults == {}
    report = host.server.reports["r1"]
    Report.model_validate_json(json.dumps({"epoch": 1} | report))
    assert report["outcome"] == "FINISHED", report["message"]
    assert 0 < report["loss"] < 2.5
    traces, sharing = unpack(base64.b64decode(report["trace_b64"])), report["sharing"]
    assert sharing["train"] == sharing["score"] == len(sharing["losses"])
    for phase in ("train", "score"):
        window, boxes = report[phase], sharing[phase]
        assert measure(traces[phase]).shared(boxes).energy_uj == window["energy_uj"]
        truth_uj = WATTS * (window["end_ns"] - window["begin_ns"]) / 1000 / boxes
        assert window["energy_uj"] == pytest.approx(truth_uj, rel=0.01)
        assert [channel.name for channel in traces[phase].channels] == ["shelly/wall"], "the battery's watch has no channel"
    signed = base64.b64decode(report["record_b64"])
    assert signed_by(public_key(make_key(host.settings.key_path)), report["signature"], signed)
    facts = report["facts"]
    assert (facts["box"], facts["adapter"], facts["device_model"]) == ("device", "google swiftshader, software", "Pixel 7")
    assert facts["battery"] == "100 %, on the supply (Android and the browser)"
    assert report["meter"]["boundary"] == "device-wall"


def test_a_schedule_is_judged_on_the_device_too(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "schedule"
    folder.mkdir()
    for path in (EXAMPLES / "webgpu-mlp").iterdir():
        if path.is_file():
            (folder / path.name).write_text(path.read_text().replace('"loop": 1000', '"loop": 3'))
    wait_for(host, folder)
    judged(host)
    assert host.server.faults == {}
    assert host.server.reports["r1"]["outcome"] == "FINISHED", host.server.reports["r1"]["message"]


ENDLESS = "export async function train() { for (;;) await new Promise((resolve) => setTimeout(resolve, 20)); }"


def spoiled(host: Host, spoil: Callable[[], None]) -> tuple[str, str]:
    """The fault of a run in which something happens while it trains."""

    def on_beat() -> None:
        if host.server.beats[-1].get("energy_uj"):
            spoil()

    host.server.on_beat = on_beat
    judged(host)
    assert host.server.reports == {}
    return host.server.faults["r1"]


def slow(entry: Callable[[str], Path]) -> Path:
    """An entry that learns for some seconds."""
    seconds = "export async function train() { await new Promise((resolve) => setTimeout(resolve, 1500)); return new Uint8Array([1]); }"
    return entry(seconds + " export async function load() { return {}; }")


def test_a_battery_that_falls_inside_the_window_voids_the_attempt(host: Host, adb: FakeAdb, entry: Callable[[str], Path]) -> None:
    wait_for(host, slow(entry), "webgpu-parity")
    cause, detail = spoiled(host, lambda: adb.tells(FULL.replace("level: 100", "level: 99")))
    assert (cause, detail.partition(":")[0]) == ("unquiet", "discharged"), "an entry can bring it about: the second time it's its miss"
    assert "fell from 100 to 99 % inside the window" in detail


def test_a_battery_that_isnt_full_lets_no_window_open_and_nothing_more_be_claimed(
    host: Host, adb: FakeAdb, tmp_path: Path, entry: Callable[[str], Path]
) -> None:
    adb.tells(FULL.replace("level: 100", "level: 71").replace("status: 5", "status: 2"))
    wait_for(host, slow(entry), "webgpu-parity")
    wait_for(host, tmp_path / "entry", "webgpu-parity")
    with pytest.raises(BoxFault, match="its meter wouldn't let a window open: the device's battery is at 71 %"):
        judged(host)
    assert len(host.server.queue) == 1, "the second run waits until the battery is full"
    cause, detail = host.server.faults["r1"]
    assert cause == "meter_fault"
    assert detail.startswith("battery: the device's battery is at 71 %")


def test_a_device_that_is_unplugged_is_our_fault_and_claims_nothing_more(
    host: Host, tmp_path: Path, entry: Callable[[str], Path], adb: FakeAdb
) -> None:
    with SecondBrowser(tmp_path / "another") as another:
        store_device(host.settings.data_dir, DeviceConfig(url=another.url, adb=adb.serial, adb_program=str(adb.program)))
        wait_for(host, entry(ENDLESS), "webgpu-parity")
        wait_for(host, tmp_path / "entry", "webgpu-parity")
        with pytest.raises(BoxFault, match="the device can't be cleared: no browser answers at"):
            spoiled(host, another.unplug)
    cause, detail = host.server.faults["r1"]
    assert (cause, detail.partition(":")[0]) == ("box_fault", "the device left in mid-run")
    assert host.server.reports == {}
    assert len(host.server.queue) == 1, "the second run waits for a host that works"


def test_a_promised_gpu_that_is_software_stops_the_worker(host: Host) -> None:
    with pytest.raises(BenchError, match="promises a GPU, and its adapter is google swiftshader, software"):
        host.bench(CREDENTIALS.model_copy(update={"promises_gpu": True}))


def test_a_track_that_isnt_the_browsers_is_refused_as_ours(host: Host) -> None:
    wait_for(host, EXAMPLES / "parity-walsh", "parity")
    judged(host)
    cause, detail = host.server.faults["r1"]
    assert cause == "box_fault"
    assert "a device's browser runs 'webgpu' alone" in detail


def test_a_plug_that_says_nothing_stops_the_worker(host: Host, plug: FakeShelly) -> None:
    plug.html = True
    with pytest.raises(MeterFault, match="no JSON object"):
        host.bench()
