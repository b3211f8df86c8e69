"""Every attack case through the front door: its declared verdict, and the invariants after it."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest
from docker.errors import DockerException

from tests.conftest import lacking
from tests.stack import EXAMPLES, Stack, start_stack

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/verdict.toml"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform that judges in Docker."""
    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except DockerException:
        lacking("docker", "install docker.io and start it")
    running = start_stack(tmp_path_factory.mktemp("attacks"), "docker")
    yield running
    running.launcher.stop()


def containers() -> set[str]:
    """Ids of ours. While the worker is idle there's one pair, that waits for its first bundle."""
    client = docker.from_env(timeout=5)
    try:
        return {each["Id"] for each in client.api.containers(all=True, filters={"label": "minjoule.managed=1"}, quiet=True)}
    finally:
        client.close()


def bill(stack: Stack, runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Mean joules of training and of scoring."""
    return (sum(run["train_uj"] for run in runs) / len(runs) / 1e6, sum(run["score_uj"] for run in runs) / len(runs) / 1e6)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_attack(stack: Stack, case: Path, tmp_path: Path) -> None:
    declared = tomllib.loads((case / "verdict.toml").read_text())
    before = containers()
    runs = stack.wait_done(stack.submit(case / "bundle"))
    assert {run["outcome"] for run in runs} == {declared["outcome"]}
    assert all(run["state"] == "DONE" and len(run["attempts"]) == 1 for run in runs), "an entrant's act is never our fault"
    train_j, score_j = bill(stack, runs)
    assert train_j >= declared.get("train_j_at_least", 0)
    assert score_j / (train_j + score_j) >= declared.get("score_share_at_least", 0)
    for run in runs:
        seconds = sum(window["end_ns"] - window["begin_ns"] for window in windows(stack, run)) / 1e9
        assert seconds <= declared.get("wall_s_at_most", 120)
        if forbidden := declared.get("log_must_not_hold"):
            log = httpx.get(f"{stack.url}/api/v1/runs/{run['id']}/log", timeout=10).text
            assert forbidden not in log
    stack.wait("only a fresh pair of boxes is left", lambda: len(left := containers()) <= 2 and not left & before, 20)
    honest = tmp_path / "honest"
    shutil.copytree(EXAMPLES / "parity-walsh", honest)
    (honest / "entry.py").write_text((honest / "entry.py").read_text() + f"# after {case.name}\n")
    after = stack.wait_done(stack.submit(honest))
    assert {run["outcome"] for run in after} == {"FINISHED"}
    assert all(run["loss"] < 0.01 for run in after)


def windows(stack: Stack, run: dict[str, Any]) -> list[dict[str, int]]:
    said = stack.get(f"/runs/{run['id']}/record")["record"]["windows"]
    return [{name: int(said[phase][name]) for name in ("begin_ns", "end_ns")} for phase in ("train", "score") if said[phase]]
