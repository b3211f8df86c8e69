"""What every box that runs a browser's entry must do: the engine's, the local one, and a device's."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from minjoule.box import Box, BoxFactory, BoxSpec, Phase
from minjoule.given import send_training
from minjoule.local_box import LocalBoxes
from minjoule.problems import PROBLEMS
from minjoule.protocol import Channel, Kind, ProtocolError
from minjoule.tracks import parse_track, shipped
from sandbox.device.box import DeviceBoxes
from sandbox.device.browser import DeviceBrowser
from sandbox.docker_box import DockerBoxes
from tests.browser_box import need_image
from tests.second_browser import SecondBrowser

pytestmark = pytest.mark.chromium
LIMITS = parse_track(shipped()["webgpu-parity"]).caps.to_trial().train
INSTANCE = PROBLEMS["parity"].draw(b"k" * 32)
GOOD = 'console.log("imported"); export async function train({ seed }) { return new TextEncoder().encode(`seed ${seed}`); }'
ENDLESS = 'export async function train() { console.log("begun"); for (;;) await new Promise((resolve) => setTimeout(resolve, 10)); }'
BROKEN = 'export async function train() { throw new Error("broken on purpose"); }'


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeviceBrowser]:
    with SecondBrowser(tmp_path_factory.mktemp("contract")) as second:
        browser = DeviceBrowser(second.url)
        yield browser
        browser.close()


@pytest.fixture(params=["local", "device", pytest.param("docker", marks=pytest.mark.docker)])
def boxes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BoxFactory]:
    with contextlib.ExitStack() as stack:
        if request.param == "docker":
            need_image()
            yield DockerBoxes(stack.enter_context(contextlib.closing(docker.from_env(timeout=60))), tmp_path / "boxes")
            return
        device = request.getfixturevalue("device")  # it skips where there's no Chromium, which the local box needs as well
        yield DeviceBoxes(device) if request.param == "device" else LocalBoxes()


@pytest.fixture
def box(boxes: BoxFactory, tmp_path: Path) -> Iterator[Callable[[str], Box]]:
    """A box with that entry, before its preparation; it's cleaned up twice."""
    made: list[Box] = []

    def make(javascript: str) -> Box:
        bundle = tmp_path / "bundle"
        bundle.mkdir()
        (bundle / "entry.js").write_text(javascript)
        spec = BoxSpec("contract", Phase.TRAIN, bundle, "entry.js", (), "webgpu", LIMITS, {"host": "contract"})
        made.append(boxes(spec))
        return made[-1]

    yield make
    for each in made:
        each.cleanup()
        each.cleanup()


def soon() -> float:
    return time.monotonic() + 30


def opened(box: Box) -> Channel:
    channel = box.prepare()
    send_training(channel, INSTANCE.training, soon())
    channel.send_json(Kind.OPEN, {"seed": 7}, soon())
    return channel


def logged(box: Box, word: bytes) -> None:
    until = soon()
    while word not in box.log_so_far():
        assert time.monotonic() < until, box.log_so_far()
        time.sleep(0.01)


def test_no_byte_of_the_entry_runs_before_the_gate_opens(box: Callable[[str], Box]) -> None:
    each = box(GOOD)
    channel = each.prepare()
    assert not each.unsandboxed or isinstance(each, type(LocalBoxes()(None)))  # type: ignore[arg-type]
    send_training(channel, INSTANCE.training, soon())
    time.sleep(0.3)
    assert each.log_so_far() == b""
    channel.send_json(Kind.OPEN, {"seed": 7}, soon())
    assert channel.expect(Kind.ARTIFACT, 1 << 16, soon()) == b"seed 7"
    logged(each, b"imported")


def test_a_box_that_ends_well_says_so_once_and_for_all(box: Callable[[str], Box]) -> None:
    each, emptied = box(GOOD), list[int]()
    channel = opened(each)
    channel.expect(Kind.ARTIFACT, 1 << 16, soon())
    end = each.wait_empty(10.0, lambda: emptied.append(1))
    assert (end.exit_code, end.oom_killed, end.killed_by_us, end.log_truncated) == (0, False, False, False)
    assert end.log == b"imported\n"
    assert each.wait_empty(0.0, lambda: emptied.append(2)) == end
    assert emptied == [1]
    assert each.cpu_ns() == end.cpu_ns > 0


def test_a_box_without_an_end_is_ended_and_its_peer_is_gone(box: Callable[[str], Box]) -> None:
    each = box(ENDLESS)
    channel = opened(each)
    logged(each, b"begun")
    end = each.wait_empty(0.0)
    assert (end.exit_code, end.killed_by_us) == (None, True)
    with pytest.raises(ProtocolError) as ended:
        everything(channel)
    assert ended.value.gone


def everything(channel: Channel) -> None:
    """Whatever had been said."""
    while True:
        channel.receive(1 << 16, soon())


def test_an_entry_that_raises_has_failed_in_its_own_words(box: Callable[[str], Box]) -> None:
    each = box(BROKEN)
    said: Any = bytes(opened(each).expect(Kind.FAILED, 1 << 16, soon()))
    assert b"broken on purpose" in said
    assert b"RUNTIME_ERROR" in said
    end = each.wait_empty(10.0)
    assert (end.exit_code, end.killed_by_us) == (1, False)


@pytest.mark.parametrize("to", ["made", "at the gate", "open"])
def test_a_box_can_be_cleaned_up_in_any_state(box: Callable[[str], Box], to: str) -> None:
    each = box(ENDLESS)
    if to == "at the gate":
        each.prepare()
    elif to == "open":
        opened(each)
    each.cleanup()
