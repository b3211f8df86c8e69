"""Hosts that lie, and hosts that are revoked: their attempt is our fault, their results are flagged in public."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.runs import judging
from tests.conftest import report_of
from tests.fakes.hints import FakeHints

LONG = {"train": {"begin_ns": 0, "end_ns": 3600 * 10**9, "energy_uj": 5_000_000}}
HOT = {"train": {"begin_ns": 0, "end_ns": 1000, "energy_uj": 10**13}}
TWISTED = {"score": {"begin_ns": 0, "end_ns": 10, "energy_uj": 5}}
LIES = {"longer than its life": LONG, "hotter than any machine": HOT, "scored before it trained": TWISTED}


@pytest.fixture
def claimed(client: TestClient, account: Any, host: Any, submit: Any) -> tuple[dict[str, Any], dict[str, str]]:
    headers = host()
    submit(account("Alice"))
    return client.post("/api/v1/host/claims", headers=headers).json(), headers


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_an_implausible_report_is_refused_and_the_run_queued_again_at_no_cost(
    client: TestClient, claimed: Any, lie: dict[str, Any], hints: FakeHints
) -> None:
    claim, headers = claimed
    path = f"/api/v1/host/attempts/{claim['attempt_id']}/report"
    refused = client.post(path, json=report_of(1) | lie, headers=headers)
    assert refused.status_code == 422
    assert "can't be" in refused.json()["error"]["message"]
    run = client.get(f"/api/v1/runs/{claim['run_id']}").json()
    assert (run["state"], run["energy_uj"]) == ("QUEUED", None)
    assert run["attempts"][0]["fault_cause"] == "report_refused"
    assert "host-1 reported what can't be" in run["attempts"][0]["fault_detail"]
    assert client.post(path, json=report_of(1), headers=headers).status_code == 409
    again = client.post("/api/v1/host/claims", headers=headers).json()
    assert (again["run_id"], again["epoch"]) == (claim["run_id"], 2)


def test_a_revoked_hosts_results_are_flagged_with_the_public_reason_and_its_open_attempt_is_queued_again(
    client: TestClient, account: Any, host: Any, submit: Any, judge: Any, database: Database, hints: FakeHints
) -> None:
    bad, good = host("bad"), host("good")
    submit(account("Alice"))
    (judged,) = judge(bad, most=1)
    (honest,) = judge(good, most=1)
    under_way = client.post("/api/v1/host/claims", headers=bad).json()["run_id"]
    with database.session() as session:
        assert judging.revoke_host(session, hints, "bad", clock.now(), "its plug was opened") == 1
    flagged, clean, queued = (client.get(f"/api/v1/runs/{each}").json() for each in (judged, honest, under_way))
    assert "its plug was opened" in flagged["flag"]
    assert flagged["energy_uj"] == 5_000_000
    assert "its plug was opened" in client.get(f"/runs/{judged}").text
    assert clean["flag"] is None
    assert (queued["state"], queued["attempts"][0]["fault_cause"]) == ("QUEUED", "host_revoked")
    assert client.post("/api/v1/host/claims", headers=bad).status_code == 401
