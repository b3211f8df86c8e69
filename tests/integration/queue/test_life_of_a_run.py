"""Claims, leases, reports and faults: one result a run, whatever is lost or doubled."""

import base64
import datetime as dt
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.hosts.service import HostIdentity
from server.runs import judging
from server.runs.judging import Desk
from tests.conftest import Account, bundle_of, report_of
from tests.fakes.hints import FakeHints

Make = Callable[..., Account]


@pytest.fixture
def claim(client: TestClient, account: Make, host: Any, submit: Any) -> Callable[..., tuple[dict[str, Any], dict[str, str]]]:
    """Submit once, then claim as host-1."""
    headers = host()
    submit(account("Alice"))

    def take(as_host: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
        used = as_host or headers
        answer = client.post("/api/v1/host/claims", headers=used)
        assert answer.status_code == 200, answer.text
        return answer.json(), used

    return take


def sweep(database: Database, hints: FakeHints, later_s: float) -> None:
    with database.session() as session:
        judging.sweep(session, hints, clock.now() + dt.timedelta(seconds=later_s))


def say(client: TestClient, what: str, claimed: dict[str, Any], headers: dict[str, str], content: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/host/attempts/{claimed['attempt_id']}/{what}", json=content, headers=headers)


def test_a_claim_holds_what_the_host_needs_and_the_bundle_is_its_own(client: TestClient, claim: Any, host: Any) -> None:
    claimed, headers = claim()
    assert claimed["submission_digest"] == bundle_of().digest
    assert len(bytes.fromhex(claimed["instance_key"])) == 32
    path = f"/api/v1/host/attempts/{claimed['attempt_id']}/bundle"
    assert client.get(path, headers=headers).content == bundle_of().to_zip()
    assert client.get(path, headers=host("host-2")).status_code == 404
    assert client.get(path).status_code == 401


def test_a_machine_that_stays_busy_voids_once_and_is_the_entrys_miss_the_second_time(client: TestClient, claim: Any) -> None:
    unquiet = {"cause": "unquiet", "detail": "idle power was 20.000 W before and 90.000 W after the window"}
    first, headers = claim()
    assert say(client, "fault", first, headers, {"epoch": first["epoch"], **unquiet}).status_code == 200
    assert client.get(f"/api/v1/runs/{first['run_id']}").json()["state"] == "QUEUED"
    second, _ = claim()
    assert second["run_id"] == first["run_id"]
    assert second["instance_key"] == first["instance_key"]
    for _ in range(2):  # told twice, it counts once
        assert say(client, "fault", second, headers, {"epoch": second["epoch"], **unquiet}).status_code == 200
    seen = client.get(f"/api/v1/runs/{first['run_id']}").json()
    assert (seen["state"], seen["outcome"], seen["energy_uj"]) == ("DONE", "TIME_LIMIT", None)
    assert "second time (idle power was 20.000 W before and 90.000 W" in seen["message"]
    page = client.get(f"/runs/{first['run_id']}")
    assert page.status_code == 200
    assert "a miss" in page.text
    assert client.get(f"/api/v1/runs/{first['run_id']}/record").status_code == 404


def test_the_instance_key_is_published_only_when_the_run_is_done(client: TestClient, claim: Any) -> None:
    claimed, headers = claim()
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["instance_key"] is None
    say(client, "report", claimed, headers, report_of(1))
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["instance_key"] == claimed["instance_key"]


def test_heartbeats_show_progress_log_and_joules_and_extend_the_lease(
    client: TestClient, claim: Any, database: Database, hints: FakeHints
) -> None:
    claimed, headers = claim()
    beat = {"epoch": 1, "phase": "score", "progress": 0.5, "energy_uj": 7, "loss_so_far": 1.5}
    for offset, piece in ((0, b"abc"), (3, b"def"), (3, b"def")):
        said = say(client, "heartbeat", claimed, headers, beat | {"log_offset": offset, "log_b64": base64.b64encode(piece).decode()})
        assert said.status_code == 200
    sweep(database, hints, 8)
    run = client.get(f"/api/v1/runs/{claimed['run_id']}").json()
    assert (run["state"], run["log_tail"]) == ("RUNNING", "abcdef")
    assert (run["attempt"]["progress"], run["attempt"]["energy_uj"]) == (0.5, 7)


def test_a_lost_lease_queues_the_run_again_and_its_late_report_is_refused(
    client: TestClient, claim: Any, database: Database, hints: FakeHints, judge: Any, host: Any, sql: Any
) -> None:
    claimed, headers = claim()
    sweep(database, hints, 11)
    run = client.get(f"/api/v1/runs/{claimed['run_id']}").json()
    assert (run["state"], run["attempts"][0]["fault_cause"]) == ("QUEUED", "host_lost")
    other = host("host-2")
    again, _ = claim(other)
    assert (again["run_id"], again["epoch"], again["instance_key"]) == (claimed["run_id"], 2, claimed["instance_key"])
    late = say(client, "report", claimed, headers, report_of(1, energy_uj=1_000_001))
    assert late.status_code == 409
    assert say(client, "report", again, other, report_of(2)).status_code == 200
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["energy_uj"] == 5_000_000
    assert sql(f"select count(*) from attempts where run_id = '{claimed['run_id']}' and state = 'REPORTED'")[0][0] == 1


def test_the_same_report_twice_counts_once_and_another_is_refused(client: TestClient, claim: Any) -> None:
    claimed, headers = claim()
    assert say(client, "report", claimed, headers, report_of(1)).status_code == 200
    assert say(client, "report", claimed, headers, report_of(1)).status_code == 200
    assert say(client, "report", claimed, headers, report_of(1, energy_uj=1_500_000)).status_code == 409
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["energy_uj"] == 5_000_000


LIES: dict[str, dict[str, Any]] = {
    "no loss": {"loss": None},
    "loss without finishing": {"outcome": "TIME_LIMIT"},
    "negative loss": {"loss": -1},
    "no energy": {"train": {"begin_ns": 1, "end_ns": 2, "energy_uj": 0}, "score": {"begin_ns": 3, "end_ns": 4, "energy_uj": 0}},
    "negative energy": {"train": {"begin_ns": 1, "end_ns": 2, "energy_uj": -5}},
    "window backwards": {"train": {"begin_ns": 9, "end_ns": 2, "energy_uj": 5}},
    "an outcome of its own": {"outcome": "WON"},
    "unknown field": {"rank": 1},
    "a trace that isn't one": {"trace_b64": base64.b64encode(b"x" * 100).decode()},
    "a digest that isn't one": {"instance_digest": "x"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_report_that_cannot_be_is_refused(client: TestClient, claim: Any, lie: dict[str, Any]) -> None:
    claimed, headers = claim()
    assert say(client, "report", claimed, headers, report_of(1) | lie).status_code == 422
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["state"] == "RUNNING"


def test_a_loss_of_nan_is_refused(client: TestClient, claim: Any) -> None:
    claimed, headers = claim()
    import json

    body = json.dumps(report_of(1) | {"loss": float("nan")})
    path = f"/api/v1/host/attempts/{claimed['attempt_id']}/report"
    assert client.post(path, content=body, headers=headers | {"content-type": "application/json"}).status_code == 422


def test_the_third_fault_makes_a_run_void_with_a_public_reason(client: TestClient, claim: Any) -> None:
    for epoch in (1, 2, 3):
        claimed, headers = claim()
        assert claimed["epoch"] == epoch
        said = {"epoch": epoch, "cause": "box_fault", "detail": "the engine is gone"}
        assert say(client, "fault", claimed, headers, said).status_code == 200
        assert say(client, "fault", claimed, headers, said).status_code == 200
    run = client.get(f"/api/v1/runs/{claimed['run_id']}").json()
    assert run["state"] == "VOID"
    assert "our fault, 3 times" in run["message"]
    assert "cost you nothing" in run["message"]


def test_a_host_that_claims_again_has_lost_its_last_attempt(client: TestClient, claim: Any) -> None:
    first, _ = claim()
    second, _ = claim()
    run = client.get(f"/api/v1/runs/{first['run_id']}").json()
    assert run["attempts"][0]["fault_cause"] == "host_restarted"
    assert second["epoch"] == 2 or second["run_id"] != first["run_id"]


def test_everybodys_first_run_goes_before_anybodys_second(client: TestClient, account: Make, host: Any, submit: Any, judge: Any) -> None:
    headers = host()
    first, second = submit(account("Alice")), submit(account("Bob"), bundle_of(name="other"))
    order = judge(headers)
    mine = {run["id"]: ("Alice", run["index"]) for run in first["runs"]} | {run["id"]: ("Bob", run["index"]) for run in second["runs"]}
    assert [mine[run_id] for run_id in order] == [("Alice", 0), ("Bob", 0), ("Alice", 1), ("Bob", 1), ("Alice", 2), ("Bob", 2)]


def test_a_queued_run_says_its_place_and_why_it_waits(client: TestClient, account: Make, host: Any, submit: Any) -> None:
    host()
    view = submit(account("Alice"))
    run = client.get(f"/api/v1/runs/{view['runs'][1]['id']}").json()
    assert run["queue_position"] == 1
    assert "no host of class test has ever been seen" in run["reason"]


def test_runs_that_wait_are_hinted_again(
    client: TestClient, account: Make, host: Any, submit: Any, database: Database, hints: FakeHints
) -> None:
    host()
    submit(account("Alice"))
    hints.classes.clear()
    sweep(database, hints, 3)
    assert hints.classes == []
    sweep(database, hints, 6)
    sweep(database, hints, 7)
    assert hints.classes == ["test"]


def test_a_run_that_nobody_takes_for_a_week_is_void(
    client: TestClient, account: Make, host: Any, submit: Any, database: Database, hints: FakeHints
) -> None:
    host()
    view = submit(account("Alice"))
    sweep(database, hints, 7 * 86400 + 1)
    run = client.get(f"/api/v1/runs/{view['runs'][0]['id']}").json()
    assert run["state"] == "VOID"
    assert "within 7 days" in run["message"]


def test_twenty_runs_and_eight_claimers_each_run_is_claimed_once(
    client: TestClient, account: Make, host: Any, submit: Any, database: Database, hints: FakeHints
) -> None:
    for number in range(8):
        host(f"host-{number}")
    alice = account("Alice")
    for number in range(7):
        submit(alice, bundle_of(name=f"entry {number}"))

    def take(number: int) -> str | None:
        with database.session() as session:
            identity = HostIdentity(number + 1, f"host-{number}", "test")
            taken = judging.claim(session, Desk(hints, b"secret", Ed25519PrivateKey.generate()), identity, clock.now())
            return taken.run_id if taken else None

    with ThreadPoolExecutor(8) as pool:
        claimed = [run_id for run_id in pool.map(take, range(8)) if run_id]
    assert len(claimed) == len(set(claimed)) >= 1


def test_a_revoked_host_is_turned_away_and_its_attempt_queued_again(
    client: TestClient, claim: Any, database: Database, hints: FakeHints
) -> None:
    claimed, headers = claim()
    with database.session() as session:
        judging.revoke_host(session, hints, "host-1", clock.now())
    assert client.post("/api/v1/host/claims", headers=headers).status_code == 401
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["attempts"][0]["fault_cause"] == "host_revoked"


def test_log_trace_and_record_of_a_done_run_are_public(client: TestClient, claim: Any) -> None:
    claimed, headers = claim()
    hostile = base64.b64encode(b"<script>\x00\xff\x1b[31m").decode()
    say(client, "report", claimed, headers, report_of(1, log_b64=hostile))
    path = f"/api/v1/runs/{claimed['run_id']}"
    log = client.get(f"{path}/log")
    assert log.content == b"<script>\x00\xff\x1b[31m"
    assert (log.headers["content-type"], log.headers["x-content-type-options"]) == ("text/plain; charset=utf-8", "nosniff")
    assert gzip.decompress(client.get(f"{path}/trace").content) == b'{"train": {}}'
    assert client.get(path).json()["artifact_sha256"] == "a" * 64
    assert "no signed record" in client.get(f"{path}/record").json()["error"]["message"]


def test_a_finished_runs_stream_tells_it_once_and_ends(client: TestClient, claim: Any) -> None:
    claimed, headers = claim()
    say(client, "report", claimed, headers, report_of(1))
    events = client.get(f"/api/v1/runs/{claimed['run_id']}/events").text
    assert events.count("event: run") == 1
    assert '"state": "DONE"' in events


def test_a_code_enrols_one_host_once(client: TestClient, database: Database, host: Any) -> None:
    from server.hosts import service as hosts
    from server.hosts.service import NewClass

    with database.session() as session:
        code = hosts.issue_code(session, NewClass("test", "t", "modelled-cpu-time", False), loopback_only=True, now=clock.now())
    first = client.post("/api/v1/host/enrolments", json={"code": code, "name": "one"})
    again = client.post("/api/v1/host/enrolments", json={"code": code, "name": "two"})
    unknown = client.post("/api/v1/host/enrolments", json={"code": "x", "name": "two"})
    assert (first.status_code, again.status_code, unknown.status_code) == (201, 410, 401)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_holds_up_no_run(
    client: TestClient, claim: Any, database: Database, hints: FakeHints, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    claimed, headers = claim()
    true_now = clock.now
    monkeypatch.setattr(clock, "now", lambda: true_now() + dt.timedelta(hours=hours))
    sweep(database, hints, 0)
    assert say(client, "heartbeat", claimed, headers, {"epoch": 1, "phase": "train"}).status_code == (409 if hours > 0 else 200)
    sweep(database, hints, 11)  # the host is silent from here on
    run = client.get(f"/api/v1/runs/{claimed['run_id']}").json()
    assert (run["state"], run["attempts"][0]["fault_cause"]) == ("QUEUED", "host_lost")
    hints.classes.clear()
    monkeypatch.setattr(clock, "now", lambda: true_now() - dt.timedelta(hours=5))
    sweep(database, hints, 0)
    assert hints.classes == ["test"]
    assert say(client, "report", claim()[0], headers, report_of(2)).status_code == 200
