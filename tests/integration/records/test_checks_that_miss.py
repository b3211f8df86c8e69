"""A verification or replication whose run ended without a bill: it's compared with nothing, and stops no ranking."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.boards.service import rank_stale_boards
from server.db.session import Database
from server.records.tasks import follow_ranking
from tests.fakes.hints import FakeHints

UNQUIET = {"cause": "unquiet", "detail": "idle power was 20.000 W before and 90.000 W after the window"}


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """SQLite alone: what is compared doesn't depend on the database."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def test_a_replication_that_missed_without_a_bill_stops_no_ranking(
    client: TestClient, database: Database, hints: FakeHints, account: Any, host: Any, submit: Any, judge: Any, sql: Any
) -> None:
    headers, bob = host(), account("Bob")
    digest = submit(account("Alice"))["id"]
    judge(headers, loss=0.1)
    path = f"/api/v1/submissions/{digest}/replications"
    assert client.post(path, json={"host_class": "test"}, headers=bob.headers).status_code == 201
    for _ in range(2):  # the second time it's a miss
        claim = client.post("/api/v1/host/claims", headers=headers).json()
        fault = {"epoch": claim["epoch"], **UNQUIET}
        assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/fault", json=fault, headers=headers).status_code == 200
    missed = client.get(f"/api/v1/runs/{claim['run_id']}").json()
    assert (missed["state"], missed["purpose"], missed["energy_uj"]) == ("DONE", "replication", None)
    judge(headers, loss=0.1)
    sql("update boards set stale = true")
    with database.session() as session:
        follow_ranking(session, hints, rank_stale_boards(session, clock.now()), clock.now())
    entry = client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert (entry["status"], entry["rank"]) == ("QUALIFIED", 1)


def test_who_withdraws_spends_nobody_elses_quota(
    client: TestClient, database: Database, account: Any, host: Any, submit: Any, judge: Any
) -> None:
    headers, bob, alice = host(), account("Bob"), account("Alice")
    digest = submit(alice)["id"]
    judge(headers, loss=0.1)
    assert client.post(f"/api/v1/submissions/{digest}/replications", json={"host_class": "test"}, headers=bob.headers).status_code == 201
    client.post("/api/v1/host/claims", headers=headers)  # one of Bob's runs is under way
    full = client.get("/api/v1/me", headers=bob.headers).json()["quota"]["runs_limit"]
    assert client.get("/api/v1/me", headers=bob.headers).json()["runs_left_today"] == full - 3
    assert (
        client.post(
            f"/api/v1/submissions/{digest}/withdrawal", json={"reason": "the wrong file was sent"}, headers=alice.headers
        ).status_code
        == 200
    )
    me = client.get("/api/v1/me", headers=bob.headers).json()
    assert (me["runs_left_today"], me["quota"]["joules_used"]) == (full, 0)
