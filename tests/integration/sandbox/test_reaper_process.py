"""The reaper as a process of its own: what a SIGKILLed worker left is cleared by it, what a living one has is not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from sandbox import cgroups

HOST = f"reaper-tests-own-{os.getpid()}"
OWNER = f"""
import sys, time
from pathlib import Path
import docker
from minjoule.box import BoxLimits, BoxSpec, Phase
from sandbox.docker_box import DockerBoxes
from sandbox.lifetime import hold

folder = Path(sys.argv[1])
alive = hold(folder, "{HOST}")
limits = BoxLimits(wall_s=20, cpu_s=20, memory_bytes=1 << 28, tmp_bytes=1 << 24, pids=32, log_bytes=10_000)
labels = {{"host": "{HOST}"}} | dict(word.split("=") for word in sys.argv[2:])
spec = BoxSpec("owned", Phase.TRAIN, folder / "bundle", "entry.py", (), "python", limits, labels)
box = DockerBoxes(docker.from_env(), folder / "boxes")(spec)
box.prepare()
print("ready", flush=True)
time.sleep(600)
"""


def left(engine: docker.DockerClient, folder: Path) -> int:
    """Containers, groups and folders of ours."""
    containers = engine.api.containers(all=True, filters={"label": [f"minjoule.host={HOST}"]}, quiet=True)
    boxes = folder / "boxes"
    return len(containers) + len(cgroups.leftovers(HOST)) + len(list(boxes.iterdir()) if boxes.exists() else [])


def owner(folder: Path, *labels: str) -> subprocess.Popen[bytes]:
    """A worker's stand-in: it holds the lock and a box at its gate."""
    (folder / "bundle").mkdir()
    (folder / "bundle" / "entry.py").write_text("")
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(folder), *labels], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process


@contextmanager
def reaping(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A reaper over that folder."""
    process = subprocess.Popen([sys.executable, "-m", "sandbox.reaper", str(tmp_path), "--every", "0.1"], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def wait_for_nothing(engine: docker.DockerClient, folder: Path) -> None:
    deadline = time.monotonic() + 20
    while left(engine, folder):
        assert time.monotonic() < deadline, "the reaper cleared nothing"
        time.sleep(0.05)


def test_what_a_killed_worker_left_is_cleared_and_a_living_ones_is_not(engine: docker.DockerClient, tmp_path: Path) -> None:
    with reaping(tmp_path):
        worker = owner(tmp_path)
        time.sleep(1.0)
        assert left(engine, tmp_path) == 3, "the reaper took a living worker's box"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        wait_for_nothing(engine, tmp_path)


def test_a_living_workers_box_goes_at_its_deadline(engine: docker.DockerClient, tmp_path: Path) -> None:
    worker = owner(tmp_path, "deadline=1000")
    with reaping(tmp_path):
        deadline = time.monotonic() + 20
        while engine.api.containers(all=True, filters={"label": [f"minjoule.host={HOST}"]}, quiet=True):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert worker.poll() is None
        worker.kill()
        worker.wait()
        wait_for_nothing(engine, tmp_path)


def test_a_host_where_no_worker_ever_ran_is_left_alone(tmp_path: Path) -> None:
    with reaping(tmp_path) as reaper:
        time.sleep(0.8)
        assert reaper.poll() is None
    assert not list(tmp_path.iterdir())
