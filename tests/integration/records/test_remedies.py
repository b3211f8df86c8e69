"""What makes up for a run that went wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.domain.errors import Conflict
from server.runs import remedies
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
