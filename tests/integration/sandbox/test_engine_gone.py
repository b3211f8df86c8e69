"""A box whose engine went away meanwhile: our fault, whatever its exit code says. The dying engine itself is in tests/chaos."""

import time
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from minjoule.box import BoxFault, BoxLimits, BoxSpec, Phase
from sandbox.docker_box import DockerBoxes
from sandbox.prepared import PreparedBoxes

HOST = "engine-gone"
LIMITS = BoxLimits(wall_s=20, cpu_s=20, memory_bytes=1 << 28, tmp_bytes=1 << 20, pids=16, log_bytes=1 << 16)


@dataclass
class FakeWatch:
    """What an EngineWatch knows."""

    breaks: int = 0
    answers: bool = True

    def answers_anew(self) -> bool:
        return self.answers


def spec() -> BoxSpec:
    return BoxSpec("gone", Phase.TRAIN, Path(), "none.py", (), "python", LIMITS, {"host": HOST})


@pytest.mark.docker
@pytest.mark.parametrize(
    ("watch", "code", "ours"),
    [(FakeWatch(), 3, False), (FakeWatch(answers=False), 0, False), (FakeWatch(answers=False), 3, True)],
    ids=["it was there", "it's being stopped, and the end was a good one", "it's being stopped, and took the box with it"],
)
def test_an_end_counts_unless_the_engine_is_being_stopped(
    engine: docker.DockerClient, tmp_path: Path, watch: FakeWatch, code: int, ours: bool
) -> None:
    box = DockerBoxes(engine, tmp_path / "boxes", watch=watch)(spec())  # type: ignore[arg-type]
    try:
        box.launch(["python3", "-I", "-c", f"raise SystemExit({code})"])
        if ours:
            with pytest.raises(BoxFault, match="the engine went away"):
                box.wait_empty(10.0)
        else:
            assert box.wait_empty(10.0).exit_code == code
    finally:
        box.cleanup()


@pytest.mark.docker
def test_boxes_that_saw_the_engine_go_count_for_nothing_and_arent_handed_out(engine: docker.DockerClient, tmp_path: Path) -> None:
    watch = FakeWatch()
    boxes = PreparedBoxes(DockerBoxes(engine, tmp_path / "boxes", watch=watch))  # type: ignore[arg-type]
    box = boxes(spec())
    try:
        box.start()
        assert box.waits()
        boxes.keep_ahead()
        ahead = boxes.tokens
        watch.breaks += 1
        assert not box.waits()
        began = time.monotonic()
        with pytest.raises(BoxFault, match="the engine went away"):
            box.wait_empty(0.0)
        assert time.monotonic() - began < 10
        fresh = boxes(spec())
        assert fresh.token not in ahead
        fresh.cleanup()
    finally:
        box.cleanup()
        boxes.clear()
