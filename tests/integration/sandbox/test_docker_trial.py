"""A whole trial, both phases, in Docker boxes; and the torch image where it's built."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import docker
import numpy as np
import pytest

from minjoule.box import BoxFault, BoxLimits
from minjoule.contract import SupervisedSet
from minjoule.meter import CpuTimeMeter, Meter
from minjoule.outcome import Outcome
from minjoule.problems.base import HeldOutExamples, Instance
from minjoule.trial import Trial, TrialCaps, TrialResult, TrialSpec
from sandbox import cgroups
from sandbox.docker_box import DockerBoxes
from sandbox.images import check_image
from tests.fakes.meter import LiveMeter

HOST = f"sandbox-trials-{os.getpid()}"
HONEST = """
import numpy as np
def train(data, *, seed):
    return b"model"
class Model:
    def reset(self, streams): pass
    def predict(self, inputs): return np.zeros((len(inputs), 2), np.float32)
def load(artifact): return Model()
"""
Carry = Callable[..., TrialResult]


@pytest.fixture
def carry_out(engine: docker.DockerClient, tmp_path: Path) -> Carry:
    (tmp_path / "bundle").mkdir()

    def carry(
        source: str, image: str = "python", prelude: tuple[str, ...] = ("numpy",), wall_s: float = 20, meter: Meter | None = None
    ) -> TrialResult:
        bundle = tmp_path / "bundle"
        (bundle / "entry.py").write_text(source)
        limits = BoxLimits(wall_s, 20, 1 << 30, 1 << 26, 64, 10_000)
        caps = TrialCaps(limits, limits, artifact_bytes=1000)
        inputs, labels = np.ones((8, 3), np.float32), np.zeros(8, np.uint8)
        instance = Instance(SupervisedSet(inputs, labels, 2), HeldOutExamples(inputs, labels, 4), 2, "0" * 64)
        spec = TrialSpec("test", bundle, "entry.py", prelude, image, lambda _: instance, 7, caps, {"host": HOST})
        with Trial(spec, DockerBoxes(engine, tmp_path / "boxes"), meter or CpuTimeMeter()) as trial:
            return trial.carry_out(lambda _progress: None)

    return carry


def test_an_honest_entry_finishes_with_loss_and_joules_and_leaves_no_group(carry_out: Carry) -> None:
    result = carry_out(HONEST)
    assert (result.outcome, result.loss, result.symbols) == (Outcome.FINISHED, 1.0, 8), result.message
    assert result.energy_uj > 0
    assert cgroups.leftovers(HOST) == set()


def test_short_entries_share_a_window_each_in_a_box_of_its_own(carry_out: Carry, tmp_path: Path) -> None:
    slow = HONEST.replace('return b"model"', "import os, time; print('box', os.uname().nodename); time.sleep(0.15); return b'model'")
    result = carry_out(slow, meter=LiveMeter(50))
    boxes = result.sharing.train
    assert (result.outcome, result.loss, result.sharing.score) == (Outcome.FINISHED, 1.0, boxes), result.message
    assert 2 <= boxes <= 4, "the meter wants 0.5 s"
    printed = [line for line in result.log.decode().splitlines() if line.startswith("box ")]
    assert len(printed) == len(set(printed)) == boxes
    window = result.train.measurement.window
    assert window.wall_s < boxes * 0.15 + 0.2 * boxes, "between two boxes next to nothing passes"
    assert abs(result.train.measurement.energy_uj * boxes - 50e6 * window.wall_s) < 0.02 * 50e6 * window.wall_s
    assert cgroups.leftovers(HOST) == set()
    assert list((tmp_path / "boxes").iterdir()) == []


def test_an_entry_that_sleeps_meets_the_time_limit(carry_out: Carry) -> None:
    began = time.monotonic()
    assert carry_out("import time\ndef train(data, *, seed): time.sleep(99)", wall_s=1).outcome is Outcome.TIME_LIMIT
    assert time.monotonic() - began < 10


def test_a_heap_bomb_meets_the_memory_limit(carry_out: Carry) -> None:
    bomb = "def train(data, *, seed):\n    hoard = []\n    while True: hoard.append(bytearray(b'x' * (1 << 24)))"
    assert carry_out(bomb).outcome is Outcome.MEMORY_LIMIT


def test_a_full_tmp_meets_the_disk_limit(carry_out: Carry) -> None:
    fill = "def train(data, *, seed):\n    with open('/tmp/x', 'wb') as f:\n        while True: f.write(bytes(1 << 20))"
    assert carry_out(fill).outcome is Outcome.DISK_LIMIT


def test_numpy_in_the_bundle_takes_no_part_in_the_prelude(carry_out: Carry, tmp_path: Path) -> None:
    for name in ("numpy.py", "sitecustomize.py", "json.py"):
        (tmp_path / "bundle" / name).write_text("raise SystemExit('imported from the bundle')\n")
    result = carry_out(HONEST)
    assert result.outcome is Outcome.FINISHED, result.message
    assert list((tmp_path / "boxes").iterdir()) == []


def test_the_torch_image_has_torch_and_keeps_to_its_threads(engine: docker.DockerClient, carry_out: Carry) -> None:
    try:
        check_image(engine, "torch")
    except BoxFault as fault:
        if "torch" in os.environ.get("MINJOULE_TEST_REQUIRE", ""):
            raise
        pytest.skip(str(fault))
    source = HONEST.replace('return b"model"', "import torch; assert torch.get_num_threads() == 1; return torch.ones(1).numpy().tobytes()")
    result = carry_out(source, image="torch", prelude=("numpy", "torch"))
    assert result.outcome is Outcome.FINISHED, result.message + result.log.decode()
