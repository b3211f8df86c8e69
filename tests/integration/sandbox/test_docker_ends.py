"""How a Docker box ends, and that its end leaves nobody alive and nothing unpaid."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from minjoule.box import BoxFault, BoxLimits, BoxSpec, Phase
from sandbox import cgroups
from sandbox.docker_box import DockerBoxes
from sandbox.reaper import reap, reap_overdue

HOST = f"sandbox-tests-own-{os.getpid()}"
LIMITS = BoxLimits(wall_s=20, cpu_s=20, memory_bytes=1 << 28, tmp_bytes=1 << 24, pids=32, log_bytes=10_000)
BURN = """
begun = time.process_time()
while time.process_time() - begun < SECONDS: pass
"""
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        DEED
    os._exit(0)
os.wait()
"""


def daemon(deed: str, after: str) -> str:
    """A train that leaves a double-forked daemon behind."""
    return DAEMON.replace("DEED", "\n        ".join(deed.strip().splitlines())) + after


def test_an_honest_end_is_quick_and_nobodys_kill(open_box: Any) -> None:
    run = open_box("print('hello'); return b'7'")
    assert run.answer() == 7
    began, emptied = time.monotonic(), []
    end = run.box.wait_empty(2.0, lambda: emptied.append(time.monotonic()))
    assert began <= emptied[0] <= time.monotonic() < began + 1.5
    assert (end.exit_code, end.killed_by_us, end.oom_killed, end.log) == (0, False, False, b"hello\n")
    assert run.end() is end


def test_cpu_of_a_daemon_that_outlived_its_parents_is_counted(open_box: Any) -> None:
    run = open_box(daemon(BURN.replace("SECONDS", "0.6") + "os._exit(0)", "time.sleep(2.4)\nreturn b'1'"))
    before_ns = run.box.cpu_ns()
    run.answer()
    end = run.end()
    assert 0.55e9 < end.cpu_ns - before_ns < 1.2e9
    assert run.box.cpu_ns() == end.cpu_ns


def test_a_daemon_that_outlives_the_answer_dies_with_the_window(open_box: Any) -> None:
    run = open_box(daemon("while True: pass", "return b'1'"))
    run.answer()
    end = run.end()
    time.sleep(0.2)
    assert run.box._group.empty()
    assert run.box._group.cpu_ns() == end.cpu_ns


@pytest.mark.parametrize(
    "deed",
    [
        "time.sleep(99)",
        "import signal\nfor s in (15, 2, 1): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
        "os.kill(os.getpid(), 19)",
        "while True:\n    try: os.fork()\n    except OSError: pass",
    ],
    ids=["sleeps", "ignores signals", "stops itself", "fork bomb"],
)
def test_what_does_not_leave_is_killed_by_us_soon(open_box: Any, deed: str) -> None:
    run = open_box(deed)
    time.sleep(0.3)
    began = time.monotonic()
    end = run.end(0)
    assert (end.killed_by_us, end.exit_code, end.oom_killed) == (True, None, False)
    assert time.monotonic() - began < 5
    assert run.box._group.empty()


def test_kill_minus_one_ends_as_a_signal_and_not_by_us(open_box: Any) -> None:
    run = open_box("os.kill(-1, 9)\nreturn b'1'")
    end = run.end(10)
    assert not end.killed_by_us


def test_exit_codes_of_a_timeout_are_no_kill_of_ours(open_box: Any) -> None:
    end = open_box("os._exit(137)").end(10)
    assert (end.exit_code, end.killed_by_us, end.oom_killed) == (137, False, False)


def test_a_heap_bomb_is_reported_as_killed_for_memory(open_box: Any) -> None:
    end = open_box("hoard = []\nwhile True: hoard.append(bytearray(b'x' * (1 << 24)))").end(20)
    assert (end.oom_killed, end.killed_by_us) == (True, False)


def test_a_hoard_in_memory_files_counts_as_memory(open_box: Any) -> None:
    piece = "fd = os.memfd_create(str(i)); os.write(fd, b'x' * (1 << 23))"
    end = open_box(f"for i in range(99):\n    {piece}\ntime.sleep(9)").end(20)
    assert end.oom_killed


def test_the_log_is_kept_to_its_cap_and_flagged_while_it_floods(open_box: Any) -> None:
    flood = "while True: os.write(1, b'y' * 65536); os.write(2, b'z' * 65536)"
    # The two streams are two pipes, so their order is the engine's.
    run = open_box(f"os.write(1, b'\\xff\\x00begin')\ntime.sleep(0.3)\n{flood}")
    time.sleep(1.3)
    assert len(run.box.log_so_far()) == LIMITS.log_bytes
    end = run.end(0)
    assert end.log.startswith(b"\xff\x00begin")
    assert len(end.log) == LIMITS.log_bytes
    assert end.log_truncated
    assert end.killed_by_us


def test_a_log_of_exactly_the_cap_is_whole(open_box: Any) -> None:
    run = open_box(f"os.write(1, b'y' * {LIMITS.log_bytes})\nreturn b'1'")
    run.answer()
    end = run.end()
    assert (len(end.log), end.log_truncated) == (LIMITS.log_bytes, False)


def spec_of(folder: Path, **changes: Any) -> BoxSpec:
    bundle = folder / "bundle"
    bundle.mkdir(exist_ok=True)
    (bundle / "entry.py").write_text("def train(data, *, seed): return b'1'\n")
    labels = {"host": HOST, "run": "r2", "attempt": "1", "deadline": "0"}
    return BoxSpec("own", Phase.TRAIN, bundle, "entry.py", ("numpy",), changes.get("image", "python"), LIMITS, labels)


def leftovers(engine: docker.DockerClient, folder: Path) -> tuple[int, int, int]:
    """Containers, groups and folders under the label of this file's own boxes."""
    containers = engine.api.containers(all=True, filters={"label": f"minjoule.host={HOST}"})
    folders = list(folder.iterdir()) if folder.is_dir() else []
    return len(containers), len(cgroups.leftovers(HOST)), len(folders)


def test_cleanup_leaves_nothing_from_any_state_and_may_come_twice(engine: docker.DockerClient, tmp_path: Path) -> None:
    boxes = DockerBoxes(engine, tmp_path / "boxes")
    untouched, at_gate, ended = (boxes(spec_of(tmp_path)) for _ in range(3))
    at_gate.prepare()
    ended.prepare()
    ended.wait_empty(0)
    assert leftovers(engine, tmp_path / "boxes") == (2, 2, 2)
    for box in (untouched, at_gate, ended, at_gate):
        box.cleanup()
    assert leftovers(engine, tmp_path / "boxes") == (0, 0, 0)


def test_the_reaper_removes_what_a_dead_worker_left(engine: docker.DockerClient, tmp_path: Path) -> None:
    boxes = DockerBoxes(engine, tmp_path / "boxes")
    running, created = boxes(spec_of(tmp_path)), boxes(spec_of(tmp_path))
    running.prepare()
    created._folder.create()
    created._group.create()
    created._container = created._create(["python3"])
    reaped = reap(engine, HOST, tmp_path / "boxes")
    assert (reaped.containers, reaped.groups, reaped.folders) == (2, 2, 2)
    assert leftovers(engine, tmp_path / "boxes") == (0, 0, 0)
    for box in (running, created):
        box.cleanup()


def test_only_what_is_past_its_deadline_is_overdue(engine: docker.DockerClient, tmp_path: Path) -> None:
    box = DockerBoxes(engine, tmp_path / "boxes")(replace(spec_of(tmp_path), labels={"host": HOST, "deadline": "1000.5"}))
    box.prepare()
    assert reap_overdue(engine, HOST, 1000) == 0
    assert reap_overdue(engine, "another", 1001) == 0
    assert reap_overdue(engine, HOST, 1001) == 1
    with pytest.raises(BoxFault, match="how the box ended"):
        box.wait_empty(5)
    box.cleanup()


def test_a_missing_image_is_our_fault_and_says_how_to_build_it(engine: docker.DockerClient, tmp_path: Path) -> None:
    boxes = DockerBoxes(engine, tmp_path / "boxes", images={"python": "minjoule/none:gone"})
    box = boxes(spec_of(tmp_path))
    with pytest.raises(BoxFault, match="python -m sandbox.images build python"):
        box.prepare()
    box.cleanup()
    assert leftovers(engine, tmp_path / "boxes") == (0, 0, 0)
    with pytest.raises(BoxFault, match="'cobol'; this host knows python"):
        boxes(spec_of(tmp_path, image="cobol"))
