"""A flagged run is seen on its board's row, at once, with its reason and a link; it changes no rank and makes no version."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.boards.service import rank_stale_boards, rule
from server.db.session import Database
from server.domain.scoring import Status
from server.runs import judging
from tests.conftest import Account, bundle_of
from tests.fakes.hints import FakeHints

BOARD = "/api/v1/tracks/parity/boards/test"


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """SQLite; the query of the runs that a host flags is tried on both by test_version_numbers."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def runs(client: TestClient, host: Any, account: Callable[..., Account], submit: Any, judge: Any) -> tuple[dict[str, str], list[str]]:
    first, second = host("first"), host("second")
    submit(account("Alice"), bundle_of(name="shaky"))
    done = judge(first, most=2) + judge(second)
    submit(account("Bob"), bundle_of(name="sound"))
    judge(second, energy_uj=9_000_000)
    return first, done


def ranked(database: Database) -> list[int]:
    with database.session() as session:
        return rank_stale_boards(session, clock.now())


def row(client: TestClient, name: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = client.get(BOARD).json()["entries"]
    return next(each for each in entries if each["name"] == name)


def test_a_failed_control_flags_rows_on_page_json_and_csv(
    client: TestClient, database: Database, hints: FakeHints, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.boards.pages.REMEMBER_S", 0.0)
    headers, done = runs
    assert "Flagged" not in client.get("/tracks/parity").text
    asked, versions = hints.boards, client.get(f"{BOARD}/versions").json()
    said = {"passed": False, "said": "the joules spread by 4 %, <b>1 %</b> is allowed"}
    assert client.post("/api/v1/host/controls", json=said, headers=headers).status_code == 204
    assert hints.boards == asked + 1, "the board is rendered anew when it was ranked anew"
    assert len(ranked(database)) == 1
    shaky = row(client, "shaky")
    assert (shaky["rank"], shaky["status"]) == (1, "QUALIFIED")
    (flag,) = shaky["flags"]
    assert flag["runs"] == [{"id": done[0], "label": "1"}, {"id": done[1], "label": "2"}]
    assert "host first failed its control workload" in flag["reason"]
    assert row(client, "sound")["flags"] == []
    page = client.get("/tracks/parity").text
    assert f'<strong>Flagged</strong>, <a href="/runs/{done[0]}">run 1</a>, <a href="/runs/{done[1]}">run 2</a>: host first failed' in page
    assert "&lt;b&gt;1 %&lt;/b&gt;" in page
    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(client.get("/tracks/parity.csv").text))}
    assert lines["shaky"]["flags"] == f"{flag['reason']} (runs {done[0]} {done[1]})"
    assert lines["sound"]["flags"] == ""
    assert client.get(f"{BOARD}/versions").json() == versions, "who, rank, state, joules and loss are what they were"


def test_a_revoked_host_flags_whatever_it_judged(client: TestClient, database: Database, hints: FakeHints, runs: Any) -> None:
    with database.session() as session:
        assert judging.revoke_host(session, hints, "second", clock.now(), "its meter was bypassed") == 4
    ranked(database)
    flags = [row(client, name)["flags"][0] for name in ("shaky", "sound")]
    assert [len(flag["runs"]) for flag in flags] == [1, 3]
    assert all("its meter was bypassed" in flag["reason"] for flag in flags)


def test_organizers_flag_and_a_dispute_stand_on_the_row_once(client: TestClient, database: Database, runs: Any, sql: Any) -> None:
    sql("update entries set flag_reason = 'looks like a copy' where id = 1")
    assert row(client, "shaky")["flags"] == [{"reason": "looks like a copy", "runs": []}]
    with database.session() as session:
        rule(session, 2, Status.DISPUTED, "its replication disagrees", clock.now())
    sql("update entries set flag_reason = status_reason where id = 2")
    ranked(database)
    disputed = row(client, "sound")
    assert (disputed["reason"], disputed["flags"]) == ("its replication disagrees", [])
    assert "<strong>Disputed:</strong> its replication disagrees" in client.get("/tracks/parity").text
