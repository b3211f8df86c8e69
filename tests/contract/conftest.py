"""Rigs: every meter on a device whose power is known."""

import contextlib
import ctypes
import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from minjoule.meter import CpuTimeMeter, Meter, MeterFault
from minjoule.trace import pack
from minjoule.window import Window
from tests.conftest import lacking
from tests.fakes.amd import FakeAmdsmi
from tests.fakes.box import FakeBox
from tests.fakes.nvml.library import Boards, build
from tests.fakes.pdu import Pdu
from tests.fakes.plugs import FakeShelly, FakeTasmota
from tests.fakes.powercap import Powercap
from tests.fakes.simulated import MS, SECOND, Power, constant, package, square
from worker.meters.amdsmi import AmdsmiMeter
from worker.meters.nvml import NvmlMeter
from worker.meters.plug import PlugMeter
from worker.meters.rapl import RaplMeter
from worker.meters.recorded import CsvMeter, ReplayMeter
from worker.meters.shelly import ShellyPlug
from worker.meters.snmp import APC_OUTLET_WATTS, SnmpOutlet
from worker.meters.tasmota import TasmotaPlug

WAVE = square(100 * MS, 60, 140)


@dataclass
class Rig:
    """A meter, the truth about its device (microjoules over a window), and a way to take the device away."""

    meter: Meter
    truth_uj: Callable[[Window], float]
    vanish: Callable[[], None]


class SteadyBox(FakeBox):
    """A box that always uses one core and a half."""

    def __init__(self) -> None:
        self.gone = False

    def cpu_ns(self) -> int:
        if self.gone:
            raise MeterFault("the box is gone")
        return time.monotonic_ns() * 3 // 2


def over(power: Power) -> Callable[[Window], float]:
    return lambda window: power.energy_uj(window.end_ns) - power.energy_uj(window.begin_ns)


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stub, built and loaded under NVIDIA's name into this process."""
    try:
        library = build(tmp_path_factory.mktemp("nvml"))
    except FileNotFoundError:
        lacking("compiler", "apt-get install gcc")
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    return library


@pytest.fixture
def boards(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Boards:
    """What the stub's GPUs do."""
    monkeypatch.setenv("STUB_NVML", str(tmp_path / "gpus"))
    boards = Boards(tmp_path / "gpus", WAVE)
    boards.write()
    return boards


@contextlib.contextmanager
def lab_record(file: Path, power: Power) -> Iterator[threading.Event]:
    """A lab meter that writes a row every 50 ms; setting the event stops it."""
    stop = threading.Event()
    file.write_text("seconds,watts\n")

    def record() -> None:
        while not stop.is_set():
            at_ns = time.monotonic_ns()
            unix_s = time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9
            with file.open("a") as rows:
                rows.write(f"{unix_s:.6f},{power.watts(at_ns):.4f}\n")
            time.sleep(0.05)

    thread = threading.Thread(target=record, daemon=True)
    thread.start()
    time.sleep(0.15)
    yield stop
    stop.set()
    thread.join()


@pytest.fixture(params=["cpu-time", "rapl", "nvml", "two gpus", "amdsmi", "shelly", "tasmota", "snmp", "csv", "replay"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Every meter, one after the other."""
    with contextlib.ExitStack() as stack:
        yield RIGS[request.param](request, tmp_path, stack)


def cpu_time(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    box = request.getfixturevalue("box")
    return Rig(CpuTimeMeter(), lambda window: (window.end_ns - window.begin_ns) * 15 / 1000, lambda: setattr(box, "gone", True))


def rapl(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    tree = stack.enter_context(Powercap(folder / "powercap", WAVE))
    file = tree.root / "intel-rapl:0" / "energy_uj"
    return Rig(RaplMeter(tree.root), lambda window: tree.truth_uj(window.begin_ns, window.end_ns), file.unlink)


def nvml(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack, gpus: int = 1) -> Rig:
    boards: Boards = request.getfixturevalue("boards")
    boards.gpus = gpus
    boards.write()

    def lose() -> None:
        boards.lost = 1
        boards.write()

    return Rig(NvmlMeter(), lambda window: gpus * over(WAVE)(window), lose)


def amdsmi(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    fake = FakeAmdsmi(WAVE, tick_ns=5 * MS)
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setitem(sys.modules, "amdsmi", fake)
    return Rig(AmdsmiMeter(), over(WAVE), lambda: setattr(fake, "lost", True))


def shelly(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    plug = FakeShelly(WAVE)
    stack.enter_context(plug)
    meter = stack.enter_context(contextlib.closing(PlugMeter(ShellyPlug(plug.address), "node-wall")))
    return Rig(meter, over(WAVE), lambda: setattr(plug, "html", True))


def tasmota(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    plug = FakeTasmota(WAVE)
    stack.enter_context(plug)
    meter = stack.enter_context(contextlib.closing(PlugMeter(TasmotaPlug(plug.address), "node-wall")))
    return Rig(meter, over(WAVE), lambda: setattr(plug, "html", True))


def snmp(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    pdu = stack.enter_context(Pdu(lambda: 100, f"{APC_OUTLET_WATTS}.2"))
    outlet = SnmpOutlet("127.0.0.1", 2, pdu.port)
    return Rig(PlugMeter(outlet, "node-wall"), over(constant(100)), lambda: setattr(pdu, "community", "another"))


def lab(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    slow = Power(*((second * SECOND, 100 + 40 * math.sin(second)) for second in range(1, 20)))
    stack.enter_context(lab_record(folder / "lab.csv", slow))
    return Rig(CsvMeter(folder / "lab.csv", "device-wall"), over(slow), (folder / "lab.csv").unlink)


def replay(request: pytest.FixtureRequest, folder: Path, stack: contextlib.ExitStack) -> Rig:
    device = replace(package(random.Random(2)), power=constant(70))
    (folder / "trace.gz").write_bytes(pack({"train": device.attend(8 * SECOND, 20 * MS)}))
    meter = ReplayMeter(folder / "trace.gz")
    return Rig(meter, over(constant(70)), lambda: meter._left.clear())


RIGS: dict[str, Callable[[pytest.FixtureRequest, Path, contextlib.ExitStack], Rig]] = {
    "cpu-time": cpu_time,
    "rapl": rapl,
    "nvml": nvml,
    "two gpus": lambda request, folder, stack: nvml(request, folder, stack, 2),
    "amdsmi": amdsmi,
    "shelly": shelly,
    "tasmota": tasmota,
    "snmp": snmp,
    "csv": lab,
    "replay": replay,
}


@pytest.fixture
def box() -> SteadyBox:
    """A box that burns one core and a half."""
    return SteadyBox()
