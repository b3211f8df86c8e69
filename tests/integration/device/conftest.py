"""A second Chromium as the device, one for the whole folder: whatever an entry does to it, the next one must find it fit."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from minjoule.box import BoxSpec, Phase, TrialCaps
from minjoule.meter import CpuTimeMeter
from minjoule.problems import PROBLEMS
from minjoule.tracks import parse_track, shipped
from minjoule.trial import Trial, TrialResult, TrialSpec
from sandbox.device.box import DeviceBox, DeviceBoxes
from sandbox.device.browser import DeviceBrowser
from tests.second_browser import SecondBrowser
from tests.stack import EXAMPLES

RULES = parse_track(shipped()["webgpu-parity"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chromium)


@pytest.fixture(scope="session")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondBrowser]:
    """The device."""
    with SecondBrowser(tmp_path_factory.mktemp("phone")) as browser:
        yield browser


@pytest.fixture
def browser(phone: SecondBrowser) -> Iterator[DeviceBrowser]:
    """A connection to it; nothing of ours is left afterwards."""
    browser = DeviceBrowser(phone.url)
    yield browser
    assert browser.reap() == 0, "a box left a page or a context"
    browser.close()


@dataclass
class Seat:
    """Carries out entries on the device, on webgpu-parity with a cap of a few seconds."""

    boxes: DeviceBoxes
    caps: TrialCaps

    def judge(self, folder: Path, **changes: Any) -> TrialResult:
        entrypoint = "schedule.json" if (folder / "schedule.json").exists() else "entry.js"
        spec = TrialSpec(
            name="device",
            bundle=folder,
            entrypoint=entrypoint,
            prelude=(),
            image="webgpu",
            draw=lambda place: PROBLEMS["parity"].draw(b"k" * 32),
            seed=5,
            caps=self.caps,
        )
        with Trial(replace(spec, **changes), self.boxes, CpuTimeMeter()) as trial:
            return trial.carry_out(lambda progress: None)


@pytest.fixture
def seat(browser: DeviceBrowser) -> Seat:
    caps = RULES.caps.to_trial()
    return Seat(DeviceBoxes(browser), replace(caps, train=replace(caps.train, wall_s=3.0), score=replace(caps.score, wall_s=10.0)))


@pytest.fixture
def entry(tmp_path: Path) -> Callable[[str], Path]:
    """An entry of webgpu-parity with that JavaScript."""

    def make(javascript: str) -> Path:
        folder = tmp_path / "entry"
        folder.mkdir()
        manifest = 'name = "x"\ntrack = "webgpu-parity"\nentrypoint = "entry.js"\nlicense = "CC0-1.0"\ndescription = "a test"\n'
        (folder / "entry.toml").write_text(manifest)
        (folder / "entry.js").write_text(javascript)
        return folder

    return make


def box_of(browser: DeviceBrowser, bundle: Path, phase: Phase = Phase.TRAIN) -> DeviceBox:
    """A box of its own, not prepared."""
    limits = RULES.caps.to_trial().train
    return DeviceBoxes(browser)(BoxSpec("device", phase, bundle, "entry.js", (), "webgpu", limits, {}))


def quick_javascript(folder: Path) -> Path:
    """The example in JavaScript, with two epochs."""
    shutil.copytree(EXAMPLES / "webgpu-js", folder)
    text = (folder / "entry.js").read_text()
    assert "EPOCHS = 13" in text
    (folder / "entry.js").write_text(text.replace("EPOCHS = 13", "EPOCHS = 2"))
    return folder
