"""Real boxes of a real engine: skipped where none answers, unless MINJOULE_TEST_REQUIRE names docker."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import docker
import numpy as np
import pytest
from docker.errors import DockerException

from minjoule.box import BoxEnd, BoxLimits, BoxSpec, Phase
from minjoule.contract import SupervisedSet
from minjoule.given import send_training
from minjoule.protocol import Channel, Kind
from sandbox.docker_box import DockerBox, DockerBoxes
from sandbox.images import check_image
from sandbox.images.build import build
from sandbox.reaper import reap

HOST = f"sandbox-tests-{os.getpid()}"  # two runs at once must not reap each other
LIMITS = BoxLimits(wall_s=20, cpu_s=20, memory_bytes=1 << 28, tmp_bytes=1 << 24, pids=32, log_bytes=10_000)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of an engine that has this checkout's python image; built when it hasn't."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        if "docker" in os.environ.get("MINJOULE_TEST_REQUIRE", ""):
            pytest.fail(f"MINJOULE_TEST_REQUIRE wants docker, and no engine answers: {error}")
        pytest.skip("no Docker engine answers: the sandbox's own tests need one")
    build(client, "python", lambda _line: None)
    check_image(client, "python")
    yield client
    client.close()


@dataclass
class Run:
    """One entry in a box, gate already open."""

    box: DockerBox
    channel: Channel

    def answer(self) -> Any:
        """What train returned, as JSON."""
        return json.loads(self.channel.expect(Kind.ARTIFACT, 1 << 20, time.monotonic() + 20))

    def end(self, grace_s: float = 2.0) -> BoxEnd:
        return self.box.wait_empty(grace_s)


Open = Callable[..., Run]


@pytest.fixture(scope="module")
def open_box(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Makes a box of the given source, and opens its gate. Source in function body form: the body of ``train``."""
    folder = tmp_path_factory.mktemp("sandbox")
    boxes = DockerBoxes(engine, folder / "boxes")
    made: list[DockerBox] = []

    def make(body: str, **caps: int) -> Run:
        bundle = folder / f"bundle-{len(made)}"
        bundle.mkdir()
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        (bundle / "entry.py").write_text(f"import json, os, sys, time\ndef train(data, *, seed):\n{lines}")
        labels = {"host": HOST, "run": "r1", "attempt": "1", "deadline": "0"}
        spec = BoxSpec("test", Phase.TRAIN, bundle, "entry.py", ("numpy",), "python", replace(LIMITS, **caps), labels)
        box = boxes(spec)
        made.append(box)
        channel = box.prepare()
        training = SupervisedSet(np.ones((4, 2), np.float32), np.zeros(4, np.uint8), 2)
        send_training(channel, training, time.monotonic() + 5)
        channel.send_json(Kind.OPEN, {"seed": 1})
        return Run(box, channel)

    yield make
    for box in made:
        box.cleanup()
    assert reap(engine, HOST, folder / "boxes").containers == 0, "a box's cleanup left its container"
