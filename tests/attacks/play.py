"""One case, played: its declared verdict, and the invariants after it."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.attacks.arena import Arena
from tests.attacks.corpus import Case
from tests.attacks.invariants import Watch


def play(watch: Watch, case: Case, record_property: Callable[[str, object], None]) -> None:
    """What is seen is recorded for ``python -m tests.attacks``."""
    record_property("case", case.name)
    record_property("group", case.group)
    record_property("verdict", case.verdict)
    watch.before()
    began = time.perf_counter()
    runs = {"bundle": in_the_box, "upload": at_the_door, "control": at_the_controls}[case.kind](watch.arena, case)
    record_property("seconds", round(time.perf_counter() - began, 2))
    watch.after(runs, used=case.kind == "bundle")
    record_property("honest_uj", watch.arena.honest_uj[-1])
    record_property("usual", watch.arena.usual.said())


def in_the_box(arena: Arena, case: Case) -> list[dict[str, Any]]:
    """The entry runs; what its verdict.toml declares is seen."""
    run, declared = arena.run(case.zipped()), case.declared
    log = arena.http.get(f"/runs/{run['id']}/log").content
    assert run["outcome"] == declared["outcome"], (run["outcome"], run["message"], log[-2000:])
    assert run["log_truncated"] == declared.get("log_truncated", False)
    for text in declared.get("log_holds", []):
        assert text.encode() in log, log[-2000:]
    for text in declared.get("log_must_not_hold", []):
        assert text.encode() not in log, log[-2000:]
    for text in declared.get("message_holds", []):
        assert text in run["message"], run["message"]
    look_at_the_bill(arena, declared, run)
    page = httpx.get(f"{arena.stack.url}/runs/{run['id']}", timeout=10)
    assert page.status_code == 200
    for text in declared.get("page_must_not_hold", []):
        assert text not in page.text
    return [run]


def look_at_the_bill(arena: Arena, declared: dict[str, Any], run: dict[str, Any]) -> None:
    """Joules, their split, the windows' length, the loss."""
    train_j, score_j = run["train_uj"] / 1e6, run["score_uj"] / 1e6
    assert train_j >= declared.get("train_j_at_least", 0)
    assert score_j >= declared.get("score_j_at_least", 0)
    assert score_j / (train_j + score_j) >= declared.get("score_share_at_least", 0)
    assert (run["loss"] or 0) >= declared.get("loss_at_least", 0)
    windows = arena.http.get(f"/runs/{run['id']}/record").json()["record"]["windows"].values()
    seconds = sum(int(window["end_ns"]) - int(window["begin_ns"]) for window in windows if window) / 1e9
    assert seconds <= declared.get("wall_s_at_most", 15)


def at_the_door(arena: Arena, case: Case) -> list[dict[str, Any]]:
    """The bytes are refused with the status and words that are declared, and nothing is stored; or they're taken and escaped."""
    declared, before = case.declared, arena.counts()
    answer = arena.put(case.function()())
    assert answer.status_code == declared["status"], answer.text
    if declared["status"] != 201:
        assert arena.counts() == before, "an upload that was refused left rows"
        for text in declared["says"]:
            assert text in answer.json()["error"]["message"], answer.text
        return []
    for path in ("", f"/submissions/{answer.json()['id']}", "/tracks/attacked"):
        page = httpx.get(f"{arena.stack.url}{path}", timeout=10).text
        assert "attacked" in page.lower()
        assert not [text for text in declared["page_must_not_hold"] if text in page]
    return [arena.final(run["id"]) for run in answer.json()["runs"]]


def at_the_controls(arena: Arena, case: Case) -> list[dict[str, Any]]:
    """It asserts by itself; what it started is ended."""
    runs: list[dict[str, Any]] = case.function()(arena)
    return runs
