"""A plug that misbehaves: each way has its reason, and a message with the value, the limit and what to do."""

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from minjoule.meter import MeterFault, Reason
from tests.contract.conftest import SteadyBox
from tests.fakes.plugs import FakePlug, FakeShelly, FakeTasmota
from tests.fakes.simulated import SECOND, Power, constant
from worker.meters.plug import PlugMeter
from worker.meters.shelly import ShellyPlug
from worker.meters.tasmota import TasmotaPlug

BOX = SteadyBox()


@pytest.fixture(params=["shelly", "tasmota"])
def plug(request: pytest.FixtureRequest) -> Iterator[FakePlug]:
    with (FakeShelly if request.param == "shelly" else FakeTasmota)() as plug:
        yield plug


@contextlib.contextmanager
def metered(plug: FakePlug, password: str = "", device: str = FakePlug.device) -> Iterator[PlugMeter]:
    kind = ShellyPlug if isinstance(plug, FakeShelly) else TasmotaPlug
    with contextlib.closing(kind(plug.address, password=password)) as asked:
        yield PlugMeter(asked, "node-wall", device)


def reboot(plug: FakePlug) -> None:
    plug.booted_ns = time.monotonic_ns()


def swap(plug: FakePlug) -> None:
    plug.device = "FFFFFFFFFFFF"


def set_back(plug: FakePlug) -> None:
    plug.power, plug.reset_ns = constant(100), time.monotonic_ns()


def lie(plug: FakePlug) -> None:
    plug.says = lambda path, query: {"output": True, "apower": "much", "StatusSNS": {"ENERGY": {"Power": "much"}}}  # type: ignore[method-assign]


def lack(plug: FakePlug) -> None:
    plug.says = lambda path, query: {"output": True, "StatusSNS": {}}  # type: ignore[method-assign]


def move(plug: FakePlug) -> None:
    plug.says = lambda path, query: None  # type: ignore[method-assign]


MISHAPS = {
    "another device": (swap, Reason.OTHER_DEVICE, "is now 'FFFFFFFFFFFF'"),
    "a reboot": (reboot, Reason.RESET, "it was awake for 1000 s, now for 0 s"),
    "a counter set back": (set_back, Reason.RESET, "its energy counter went from"),
    "HTML": (lambda plug: setattr(plug, "html", True), Reason.MISCONFIGURED, "no JSON object. Look whether the address"),
    "silence": (lambda plug: setattr(plug, "deaf", True), Reason.SILENT, r"within 2 s \(ReadTimeout\)"),
    "another path": (move, Reason.MISCONFIGURED, "answered 404 where 200 is due"),
    "a word for a number": (lie, Reason.MISCONFIGURED, "= 'much', a number is due"),
    "a lost field": (lack, Reason.MISCONFIGURED, "answer has no"),
}


@pytest.mark.parametrize(("mishap", "reason", "said"), MISHAPS.values(), ids=MISHAPS.keys())
def test_a_mishap_voids_with_its_reason(plug: FakePlug, mishap: Callable[[FakePlug], None], reason: Reason, said: str) -> None:
    with metered(plug) as meter:
        meter.read(BOX)
        mishap(plug)
        with pytest.raises(MeterFault, match=said) as caught:
            meter.read(BOX)
    assert caught.value.reason is reason


def test_a_plug_with_a_password_is_read_with_it(plug: FakePlug) -> None:
    plug.password = "correct horse"
    with metered(plug, "correct horse") as meter:
        assert meter.read(BOX)[0].raw == 100_000


@pytest.mark.parametrize("password", ["", "battery staple"])
def test_a_plug_with_another_password_says_where_to_mend_it(plug: FakePlug, password: str) -> None:
    plug.password = "correct horse"
    with pytest.raises(MeterFault, match="Mend `user` and `password_file`") as caught, metered(plug, password):
        pass
    assert caught.value.reason is Reason.MISCONFIGURED


def test_a_plug_that_isnt_the_one_of_the_file_is_refused(plug: FakePlug) -> None:
    with pytest.raises(MeterFault, match="says that it's 'A8032AB12345', the meters' file says '123'"), metered(plug, device="123"):
        pass


def test_a_shelly_that_is_off_is_refused() -> None:
    with FakeShelly() as plug:
        plug.on = False
        with pytest.raises(MeterFault, match="Turn it on"), metered(plug):
            pass


def test_an_address_where_nobody_is_says_so() -> None:
    asked = ShellyPlug("http://127.0.0.1:9")
    with contextlib.closing(asked), pytest.raises(MeterFault, match=r"ConnectError\). Look at its power and network"):
        PlugMeter(asked, "node-wall")


def test_latency_widens_the_reading_and_a_step_is_seen_after_the_plugs_period(plug: FakePlug) -> None:
    plug.latency_s = 0.2
    with metered(plug) as meter:
        (reading,) = meter.read(BOX)
        assert reading.after_ns - reading.before_ns >= 200_000_000
        plug.latency_s = 0
        now_ns = time.monotonic_ns()
        plug.power = Power((now_ns, 100), (now_ns + 3600 * SECOND, 300))
        plug.reset_ns = 0
        time.sleep(2.1)
        assert meter.read(BOX)[0].raw == 300_000
