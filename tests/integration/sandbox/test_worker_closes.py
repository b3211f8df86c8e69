"""A worker that stops leaves nothing on its host, and nothing of another worker's is taken away."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from minjoule.box import BoxSpec, Phase
from sandbox import cgroups
from sandbox.docker_box import DockerBoxes
from sandbox.lifetime import hold
from sandbox.reaper import reap
from tests.integration.sandbox.conftest import LIMITS
from worker import bench
from worker.served import Served
from worker.settings import WorkerSettings

HOST = "closing-tests-own"


@pytest.fixture
def left(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Callable[[], int]]:
    """How many containers, groups and folders of the host there are; one box has been left at its gate."""
    boxes = tmp_path / "boxes"
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "entry.py").write_text("")
    spec = BoxSpec("left", Phase.TRAIN, tmp_path / "bundle", "entry.py", (), "python", LIMITS, {"minjoule.host": HOST})
    box = DockerBoxes(engine, boxes)(spec)
    box.prepare()

    def count() -> int:
        containers = engine.api.containers(all=True, filters={"label": [f"minjoule.host={HOST}"]}, quiet=True)
        return len(containers) + len(cgroups.leftovers(HOST)) + len(list(boxes.iterdir()))

    assert count() == 3
    yield count
    box.cleanup()
    reap(engine, HOST, boxes)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bench.Place:
    """A worker's place; which images it serves is another test's."""
    monkeypatch.setattr(bench, "serve", lambda *_, **__: Served())
    monkeypatch.setattr(bench, "check_image", lambda *_: None)
    return bench.docker(WorkerSettings(data_dir=tmp_path), HOST, promises_gpu=False)


@pytest.mark.docker
def test_what_is_left_goes_with_the_last_worker_of_a_host(place: bench.Place, left: Callable[[], int]) -> None:
    place.close()
    assert left() == 0


@pytest.mark.docker
def test_a_second_workers_box_stays(place: bench.Place, left: Callable[[], int], tmp_path: Path) -> None:
    with contextlib.closing(hold(tmp_path, HOST)):
        place.close()
        assert left() == 3


@pytest.mark.docker
def test_a_disk_that_refuses_is_told_and_the_worker_stops(
    place: bench.Place, left: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(bench.reaper, "look", refuse)
    place.close()
    assert left() == 3
