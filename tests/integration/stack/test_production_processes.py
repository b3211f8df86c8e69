"""Production's processes, real: who does what, and what a death or a lost queue costs (time, never a result)."""

import contextlib
import os
from pathlib import Path

import pytest

from minjoule.bundle import read_folder
from tests.conftest import ROOT, bundle_of
from tests.integration.conftest import HOST_CLASS, Stack

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]
WALSH = ROOT / "starter_kit" / "examples" / "parity-walsh"
SLOW = """
import time
import numpy as np
def train(data, *, seed):
    time.sleep({seconds})
    return b"model"
class Model:
    def reset(self, streams): pass
    def predict(self, inputs): return np.zeros((len(inputs), 2), np.float32)
def load(artifact): return Model()
"""


def slow(seconds: float, name: str = "slow") -> object:
    return bundle_of(name=name, **{"entry.py": SLOW.format(seconds=seconds)})


def test_a_submission_travels_by_hint_and_claim_through_processes_of_their_own_to_the_board(stack: Stack) -> None:
    stack.start_worker()
    runs = stack.wait_until_final(stack.submit(read_folder(WALSH)))
    pids = {stack.pid(name) for name in ("redis", "web", "tasks", "worker")}
    assert len(pids | {os.getpid()}) == 5
    for run in runs:
        assert (run["state"], run["outcome"]) == ("DONE", "FINISHED")
        assert run["loss"] < run["target_loss"]
        assert run["energy_j"] > 0
        assert (run["unsandboxed"], run["modelled"]) == (True, True)
        assert len(run["attempts"]) == 1
    assert len({run["instance_key"] for run in runs}) == len(runs)

    def board() -> list[dict[str, object]]:
        entries: list[dict[str, object]] = stack.http.get(f"/api/v1/tracks/parity/boards/{HOST_CLASS}").json()["entries"]
        return entries

    stack.wait("the entry is ranked", lambda: [entry["rank"] for entry in board()] == [1], 10)
    assert board()[0]["status"] == "QUALIFIED"


def test_a_worker_killed_in_mid_run_costs_an_attempt_and_the_run_has_one_result(stack: Stack) -> None:
    stack.start_worker()
    first, *rest = stack.submit(slow(2))
    stack.wait("the first run trains", lambda: (stack.run(first)["attempt"] or {}).get("phase") == "train", 30)
    killed = stack.pid("worker")
    stack.kill("worker")
    stack.wait("the supervisor starts it again", lambda: stack.launcher.tend() is None and stack.pid("worker") != killed, 10)
    runs = stack.wait_until_final([first, *rest])
    assert [run["state"] for run in runs] == ["DONE"] * 3
    assert [attempt["state"] for attempt in runs[0]["attempts"]] == ["FAULTED", "REPORTED"]
    assert runs[0]["attempts"][0]["fault_cause"] in ("host_restarted", "host_lost")
    for run in runs[1:]:
        assert [attempt["state"] for attempt in run["attempts"]] == ["REPORTED"]


def test_a_dead_workers_run_goes_back_to_the_queue_and_says_why_it_waits(stack: Stack) -> None:
    stack.start_worker()
    first, *_ = stack.submit(slow(30))
    stack.wait("the first run trains", lambda: (stack.run(first)["attempt"] or {}).get("phase") == "train", 30)
    stack.kill("worker")
    stack.wait("the lease runs out", lambda: stack.run(first)["state"] == "QUEUED", 25)
    run = stack.run(first)
    assert run["attempts"][0]["fault_cause"] == "host_lost"
    assert run["reason"]


def test_a_lost_queue_loses_no_run(stack: Stack) -> None:
    ids = stack.submit(slow(0.1)) + stack.submit(slow(0.1, "another"))
    stack.redis.flushall()
    stack.start_worker()
    stack.wait("a run is under way", lambda: any(stack.run(each)["state"] != "QUEUED" for each in ids), 30)
    stack.redis.flushall()
    runs = stack.wait_until_final(ids)
    assert [run["outcome"] for run in runs] == ["FINISHED"] * 6
    assert [len(run["attempts"]) for run in runs] == [1] * 6


def test_a_redis_that_dies_and_comes_back_empty_is_survived_by_both_sides(stack: Stack) -> None:
    stack.start_worker()
    stack.wait_until_final(stack.submit(slow(0.1)))
    stack.kill("redis")
    ids = stack.submit(slow(0.1, "while the queue is away"))
    assert {stack.run(each)["state"] for each in ids} == {"QUEUED"}

    def done() -> bool:
        stack.launcher.tend()
        return all(stack.run(each)["state"] == "DONE" for each in ids)

    stack.wait("the runs are judged after Redis is back", done, 90)


def test_a_web_process_killed_in_mid_run_loses_no_run(stack: Stack) -> None:
    stack.start_worker()
    first, *_ = stack.submit(slow(3))
    stack.wait("the first run trains", lambda: (stack.run(first)["attempt"] or {}).get("phase") == "train", 30)
    stack.kill("web")

    def done() -> bool:
        stack.launcher.tend()
        with contextlib.suppress(Exception):
            return str(stack.run(first)["state"]) == "DONE"
        return False

    stack.wait("the result arrives", done, 60)
    # On a slow machine the lease may run out before the web process is back: then it's judged again, and still has one result.
    states = [attempt["state"] for attempt in stack.run(first)["attempts"]]
    assert states.count("REPORTED") == 1
    assert states[-1] == "REPORTED"


def test_stopping_leaves_no_process(stack: Stack) -> None:
    stack.start_worker()
    first, *_ = stack.submit(slow(20))
    stack.wait("the first run trains", lambda: (stack.run(first)["attempt"] or {}).get("phase") == "train", 30)
    groups = [stack.pid(name) for name in ("redis", "web", "tasks", "worker")]
    stack.launcher.stop()
    left = [group for group in groups for entry in Path("/proc").glob("[0-9]*") if group_of(entry) == group]
    assert left == []


def group_of(entry: Path) -> int | None:
    """The process group of a process that isn't a zombie."""
    with contextlib.suppress(OSError):
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[2])
    return None
