import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import numpy as np
import pytest

from minjoule.box import BoxSpec, Phase
from minjoule.contract import SupervisedSet
from minjoule.given import send_training
from minjoule.protocol import Kind
from sandbox.docker_box import DockerBox, DockerBoxes
from sandbox.prepared import PreparedBoxes
from sandbox.reaper import reap
from tests.integration.sandbox.conftest import HOST, LIMITS

SOURCE = "import json, os\ndef train(data, *, seed):\n    return json.dumps([seed, os.listdir('/box/bundle')]).encode()\n"


@pytest.fixture
def prepared(engine: docker.DockerClient, tmp_path: Path) -> Iterator[PreparedBoxes]:
    boxes = PreparedBoxes(DockerBoxes(engine, tmp_path / "boxes"))
    yield boxes
    boxes.clear()
    reap(engine, HOST, tmp_path / "boxes")


@pytest.fixture
def spec(tmp_path: Path) -> BoxSpec:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "entry.py").write_text(SOURCE)
    return BoxSpec("r1", Phase.TRAIN, tmp_path / "bundle", "entry.py", ("numpy",), "python", LIMITS, {"minjoule.host": HOST})


def trained(box: DockerBox, seed: int) -> list[object]:
    channel, deadline = box.prepare(), time.monotonic() + 20
    send_training(channel, SupervisedSet(np.ones((4, 2), np.float32), np.zeros(4, np.uint8), 2), deadline)
    channel.send_json(Kind.OPEN, {"seed": seed}, deadline)
    said: list[object] = json.loads(channel.expect(Kind.ARTIFACT, 1 << 20, deadline))
    assert box.wait_empty(2.0).exit_code == 0
    box.cleanup()
    return said


def test_a_waiting_box_takes_the_bundle_of_whoever_comes(prepared: PreparedBoxes, spec: BoxSpec) -> None:
    assert trained(prepared(spec), 1) == [1, ["entry.py"]]
    prepared.keep_ahead()
    waiting = prepared.tokens
    assert len(waiting) == 2
    (spec.bundle / "more.py").write_text("")
    later = prepared(replace(spec, name="r2", limits=replace(LIMITS, wall_s=5)))
    assert later.token in waiting
    assert sorted(trained(later, 2)[1]) == ["entry.py", "more.py"]  # type: ignore[call-overload]


def test_a_box_of_another_kind_is_never_handed_out(prepared: PreparedBoxes, spec: BoxSpec) -> None:
    prepared(spec)
    prepared.keep_ahead()
    waiting = prepared.tokens
    assert prepared(replace(spec, limits=replace(LIMITS, memory_bytes=1 << 29))).token not in waiting
    assert not prepared.tokens


def test_a_box_that_died_while_it_waited_is_passed_over(engine: docker.DockerClient, prepared: PreparedBoxes, spec: BoxSpec) -> None:
    prepared(spec)
    prepared.keep_ahead()
    for container in engine.containers.list(filters={"label": f"minjoule.host={HOST}"}):
        container.kill()
        container.wait()
    time.sleep(0.2)
    assert trained(prepared(spec), 3) == [3, ["entry.py"]]


def test_the_reaper_spares_what_waits_and_nothing_else(
    engine: docker.DockerClient, prepared: PreparedBoxes, spec: BoxSpec, tmp_path: Path
) -> None:
    left = prepared(spec)
    left.start()
    prepared.keep_ahead()
    assert reap(engine, HOST, tmp_path / "boxes", prepared.tokens).containers == 1
    assert trained(prepared(spec), 4) == [4, ["entry.py"]]
    left.cleanup()


def test_nothing_is_prepared_before_anything_was_asked_for(prepared: PreparedBoxes) -> None:
    prepared.keep_ahead()
    assert not prepared.tokens
