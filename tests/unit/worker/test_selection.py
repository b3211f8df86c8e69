"""Which meters bill a boundary, what the meters' file may say, and what doctor says of each candidate."""

import threading
from pathlib import Path

import pytest

from minjoule.joint_meter import JointMeter
from minjoule.meter import CpuTimeMeter, MeterFault, Reason
from minjoule.wgsl_counts import WgslCountsMeter
from tests.contract.conftest import boards, nvml_library
from tests.fakes.nvml.library import Boards
from tests.fakes.plugs import FakeShelly
from tests.fakes.powercap import Powercap
from tests.fakes.reporter import FakeReporter
from worker.bench import make_bench
from worker.calibration import Calibration, keep
from worker.judge import judge_all
from worker.meters import Cabinet, meter_for, selection
from worker.meters.cpu_counters import CpuCountersMeter, Processor, events_of
from worker.meters.rapl import RaplMeter
from worker.meters.selection import candidates
from worker.settings import Credentials, WorkerSettings
from worker.signing import make_key

__all__ = ["boards", "nvml_library"]


@pytest.fixture
def bare(tmp_path: Path) -> Cabinet:
    return Cabinet(None, tmp_path / "powercap")


def cabinet(tmp_path: Path, text: str) -> Cabinet:
    file = tmp_path / "meters.toml"
    file.write_text(text)
    return Cabinet(file, tmp_path / "powercap")


def test_cpu_time_bills_where_nothing_is_measured(bare: Cabinet) -> None:
    assert isinstance(meter_for("modelled-cpu-time", bare), CpuTimeMeter)


def test_counts_bill_where_wgsl_is_modelled(bare: Cabinet) -> None:
    assert isinstance(meter_for("modelled-wgsl", bare), WgslCountsMeter)


def test_node_cpu_is_billed_by_rapl(tmp_path: Path, bare: Cabinet) -> None:
    with Powercap(tmp_path / "powercap"):
        assert isinstance(meter_for("node-cpu", bare), RaplMeter)


def test_node_is_billed_by_gpus_and_cpus_together(tmp_path: Path, bare: Cabinet, boards: Boards) -> None:
    with Powercap(tmp_path / "powercap"):
        meter = meter_for("node", bare)
    assert isinstance(meter, JointMeter)
    assert [channel.name for channel in meter.channels] == ["nvml/gpu-0", "rapl/package-0", "rapl/package-0-dram"]
    assert all(channel.billed for channel in meter.channels)
    assert (meter.facts.name, meter.facts.boundary, meter.facts.modelled) == ("nvml+rapl", "node", False)


def test_another_meter_of_the_file_stands_beside_the_bill(tmp_path: Path) -> None:
    with Powercap(tmp_path / "powercap"), FakeShelly() as plug:
        text = f'[[meter]]\nkind = "shelly"\nboundary = "node-wall"\naddress = "{plug.address}"\ndevice = "{plug.device}"\n'
        meter = meter_for("node-cpu", cabinet(tmp_path, text))
        assert [(channel.name, channel.billed) for channel in meter.channels][-1] == ("shelly/wall", False)
        wall = meter_for("node-wall", cabinet(tmp_path, text))
        assert [(channel.name, channel.billed) for channel in wall.channels] == [("shelly/wall", True)]
        for each in (*meter.members, wall):  # type: ignore[attr-defined]
            getattr(each, "close", lambda: None)()


def test_cpu_seconds_stand_beside_counted_work(bare: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    events = events_of(Processor("AuthenticAMD", 0x1A, 0x02))
    monkeypatch.setattr(selection, "CpuCountersMeter", lambda: CpuCountersMeter(events=events, probe=lambda meter: None))
    meter = meter_for("modelled-cpu", bare)
    assert [(each.name, each.billed) for each in meter.channels][-1] == ("cpu", False)
    assert all(each.billed for each in meter.channels[:-1])
    assert meter.facts.name == "cpu-counters"


MISSING = {
    "node-cpu": "no RAPL package zone",
    "node": "NVML|no RAPL",
    "node-wall": "puts 0 meters on boundary node-wall",
    "device-wall": "puts 0 meters on boundary device-wall",
    "another": "no meter of this worker covers boundary 'another'",
}


@pytest.mark.parametrize(("boundary", "said"), MISSING.items())
def test_a_boundary_without_its_meter_has_no_host(bare: Cabinet, boundary: str, said: str) -> None:
    with pytest.raises(MeterFault, match=said):
        meter_for(boundary, bare)


def test_a_gpu_without_rapl_is_no_node(bare: Cabinet, boards: Boards) -> None:
    with pytest.raises(MeterFault, match="no RAPL package zone"):
        meter_for("node", bare)


FILES = {
    "no toml": ("[[meter", "can't be read as TOML"),
    "an unknown kind": ('[[meter]]\nkind = "crystal"', "meter.0"),
    "an unknown key": ('[[meter]]\nkind = "rapl"\ncolour = "red"', "colour"),
    "no device": ('[[meter]]\nkind = "shelly"\nboundary = "node-wall"\naddress = "http://10.0.0.1"', "device"),
    "no address": ('[[meter]]\nkind = "tasmota"\nboundary = "node-wall"\naddress = "ten"\ndevice = "x"', "address"),
    "a boundary that's no wall": ('[[meter]]\nkind = "csv"\nboundary = "node"\nfile = "x"', "boundary"),
}


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES.keys())
def test_a_file_with_a_mistake_names_it(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MeterFault, match=said) as caught:
        meter_for("node-cpu", cabinet(tmp_path, text))
    assert caught.value.reason is Reason.MISCONFIGURED


def test_a_meter_that_is_configured_and_absent_stops_the_worker(tmp_path: Path) -> None:
    text = '[[meter]]\nkind = "shelly"\nboundary = "node-wall"\naddress = "http://127.0.0.1:9"\ndevice = "x"\n'
    with pytest.raises(MeterFault, match="didn't answer"):
        meter_for("modelled-cpu-time", cabinet(tmp_path, text))


def test_doctor_tries_every_candidate_and_says_why_not(bare: Cabinet, boards: Boards) -> None:
    boards.mig = 1
    boards.write()
    found = {each.name: each for each in candidates(bare)}
    assert set(found) == {"cpu-time", "cpu-counters", "nvml", "rapl", "shelly", "tasmota", "snmp", "csv", "amdsmi", "apple"}
    assert found["cpu-time"].accepted
    assert (found["nvml"].accepted, found["nvml"].mend) == (False, "Type `nvidia-smi -i GPU-stub-0 -mig 0`")
    assert found["rapl"].mend == "Try `modprobe intel_rapl_msr`"
    assert all(each.said and (each.accepted or each.reason) for each in found.values())


def test_doctor_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    (only,) = candidates(cabinet(tmp_path, "x = "))
    assert not only.accepted
    assert "TOML" in only.said


def credentials(boundary: str) -> Credentials:
    return Credentials(server="http://s", host_class="c", boundary=boundary, unsandboxed=True, token="mj_host_a1_secret")


def test_a_host_on_a_measured_boundary_refuses_to_judge_without_its_meter(tmp_path: Path) -> None:
    settings = WorkerSettings(box="local", data_dir=tmp_path, powercap_root=tmp_path)
    make_key(settings.key_path)
    make_bench(settings, credentials("modelled-cpu-time"))
    with pytest.raises(MeterFault, match="no RAPL package zone"):
        make_bench(settings, credentials("node-cpu"))


def test_a_host_in_quarantine_claims_nothing_and_tells_the_server(tmp_path: Path) -> None:
    settings = WorkerSettings(box="local", data_dir=tmp_path, powercap_root=tmp_path / "powercap")
    keep(settings.calibration_path, Calibration("2026-01-01", "rapl", 1, (1, 1), 0.5, (), "the joules spread"))
    make_key(settings.key_path)
    server = FakeReporter({})
    with Powercap(tmp_path / "powercap"):
        assert judge_all(server, make_bench(settings, credentials("node-cpu")), threading.Event()) == 0
    assert server.controls == [(False, "the joules spread")]
    assert "claim" not in server.journal


def test_two_plugs_of_one_kind_are_refused_by_name(tmp_path: Path) -> None:
    with FakeShelly() as one, FakeShelly() as other:
        plugs = "".join(
            f'[[meter]]\nkind = "shelly"\naddress = "{each.address}"\ndevice = "{each.device}"\nboundary = "{boundary}"\n'
            for each, boundary in ((one, "node-wall"), (other, "device-wall"))
        )
        with pytest.raises(MeterFault, match="two meters of one kind.*shelly/wall") as caught:
            meter_for("device-wall", cabinet(tmp_path, plugs))
    assert caught.value.reason is Reason.MISCONFIGURED
