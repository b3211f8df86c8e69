"""What makes up for a run that went wrong."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.domain.errors import Conflict
from server.runs import judging, remedies
from tests.conftest import Account
from tests.fakes.hints import FakeHints

Make = Callable[..., Account]


def test_a_void_run_says_why_and_its_replacement_keeps_the_instance(
    client: TestClient, account: Make, host: Any, submit: Any, judge: Any, database: Database, hints: FakeHints
) -> None:
    rig = host()
    digest = submit(account("Alice"))["id"]
    run_id = judge(rig)[0]
    key = client.get(f"/api/v1/runs/{run_id}").json()["instance_key"]
    with database.session() as session:
        remedies.void(session, run_id, "the fan had failed", clock.now())
    assert client.get(f"/api/v1/runs/{run_id}").json()["message"] == "the fan had failed"
    entry = client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert (entry["status"], entry["runs_done"]) == ("PROVISIONAL", 2)
    with database.session() as session:
        fresh = remedies.replace(session, hints, run_id, clock.now())
    with database.session() as session, pytest.raises(Conflict, match="replaced already"):
        remedies.replace(session, hints, run_id, clock.now())
    assert judge(rig) == [fresh]
    assert client.get(f"/api/v1/runs/{fresh}").json()["instance_key"] == key
    assert client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]["status"] == "QUALIFIED"


def test_a_run_lost_by_our_fault_is_replaced_by_the_sweep_an_hour_later_and_twice_at_most(
    client: TestClient, account: Make, host: Any, submit: Any, judge: Any, database: Database, hints: FakeHints
) -> None:
    rig, start = host(), clock.now()
    digest = submit(account("Alice"))["id"]

    def lose(expected: str | None = None) -> str:
        for _ in range(3):
            claim = client.post("/api/v1/host/claims", headers=rig).json()
            fault = {"epoch": claim["epoch"], "cause": "box_fault", "detail": "the engine is gone"}
            assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/fault", json=fault, headers=rig).status_code == 200
        assert expected in (None, claim["run_id"])
        return str(claim["run_id"])

    def sweep(hours: float) -> list[str]:
        with database.session() as session:
            return remedies.replace_lost(session, hints, start + dt.timedelta(hours=hours))

    lost = lose()
    judge(rig)
    assert sweep(0.5) == [], "whatever failed is given time to be mended"
    (second,) = sweep(1.5)
    assert sweep(1.6) == [], "it waits already"
    runs = {each: client.get(f"/api/v1/runs/{each}").json() for each in (lost, second)}
    assert runs[second]["instance_key"] is None
    lose(second)
    (third,) = sweep(4)
    lose(third)
    assert sweep(9) == []
    entry = client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert (entry["status"], entry["runs_done"]) == ("PROVISIONAL", 2)


def test_a_replacement_of_the_sweep_completes_its_entry(
    client: TestClient, account: Make, host: Any, submit: Any, judge: Any, database: Database, hints: FakeHints
) -> None:
    rig = host()
    digest = submit(account("Alice"))["id"]
    with database.session() as session:
        judging.sweep(session, hints, clock.now() + dt.timedelta(days=8))  # nobody took any of its three within a week
    with database.session() as session:
        assert len(remedies.replace_lost(session, hints, clock.now() + dt.timedelta(days=8, hours=2))) == 3
    assert len(judge(rig)) == 3
    entry = client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert (entry["status"], entry["runs_done"]) == ("QUALIFIED", 3)


def test_what_its_participant_withdrew_is_not_run_again(
    client: TestClient, account: Make, host: Any, submit: Any, database: Database, hints: FakeHints
) -> None:
    host()
    alice = account("Alice")
    digest = submit(alice)["id"]
    assert client.post(f"/api/v1/submissions/{digest}/withdrawal", json={}, headers=alice.headers).status_code < 300
    with database.session() as session:
        assert remedies.replace_lost(session, hints, clock.now() + dt.timedelta(days=1)) == []


def test_an_entry_run_anew_counts_its_fresh_runs_alone(
    client: TestClient, account: Make, host: Any, submit: Any, judge: Any, database: Database, hints: FakeHints
) -> None:
    rig = host()
    digest = submit(account("Alice"))["id"]
    judge(rig, energy_uj=9_000_000)
    with database.session() as session:
        remedies.run_anew(session, hints, 1, 3, clock.now())
    assert len(judge(rig, energy_uj=4_000_000)) == 3
    entry = client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert (entry["runs_done"], entry["energy_j"]) == (3, pytest.approx(4.0))
