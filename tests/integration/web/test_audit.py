"""The audit log: who did what, chained, and refused to whoever would change it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from server import audit, clock
from server.cli import app
from server.db.session import Database
from tests.conftest import Account
from tests.integration.pages.test_pages import sign_up

PASSWORD = "a long password"


def acts(database: Database) -> list[tuple[str, str, str]]:
    with database.session(read_only=True) as session:
        return [(row.actor, row.act, row.subject) for row in audit.acts(session)]


def fill(database: Database, count: int = 3) -> None:
    with database.session() as session:
        for number in range(count):
            audit.record(session, "console", f"act_{number}", now=clock.now())


def unguarded(database: Database, statement: str) -> None:
    """What somebody with the database in hands would do: away with the triggers, then the change."""
    with database.session() as session:
        if database.sqlite:
            session.execute(text("drop trigger audit_no_update"))
            session.execute(text("drop trigger audit_no_delete"))
        else:
            session.execute(text("drop trigger audit_append_only on audit"))
        session.execute(text(statement))


def test_account_sign_in_refusal_and_token_stand_in_the_log_and_secrets_dont(client: TestClient, database: Database) -> None:
    form_token = sign_up(client, "Alice")
    client.post("/sign-in", data={"name": "Alice", "password": "not her password"})
    client.post("/sign-in", data={"name": "my secret pass phrase", "password": PASSWORD})
    made = client.post("/me/tokens", data={"form_token": form_token, "label": "laptop"}).text
    found = re.search(r"mj_cli_([0-9a-f]+)_[A-Za-z0-9-]+", made)
    assert found
    bearer = {"authorization": f"Bearer {found[0]}"}
    client.cookies.clear()
    client.get("/api/v1/me", headers=bearer)
    client.get("/api/v1/me", headers=bearer)
    client.delete(f"/api/v1/tokens/{found[1]}", headers=bearer)
    said = [act for _, act, _ in acts(database)]
    assert said == ["account_made", "signed_in", "sign_in_refused", "sign_in_refused", "token_issued", "token_used", "token_revoked"]
    assert [actor for actor, act, _ in acts(database) if act == "sign_in_refused"] == ["participant 1", "nobody"]
    assert "pass phrase" not in str(acts(database))
    assert found[0].rpartition("_")[2] not in str(acts(database))


def test_refused_token_request_is_logged_though_its_transaction_rolled_back(client: TestClient, database: Database) -> None:
    answer = client.post("/api/v1/tokens", json={"name": "Alice", "password": "wrong password", "label": "x"})
    assert answer.status_code == 401
    assert [act for _, act, _ in acts(database)] == ["sign_in_refused"]


def test_organizers_acts_are_logged(client: TestClient, database: Database, host: Callable[..., Any]) -> None:
    host()
    sign_up(client, "Olga")
    with database.session() as session:
        session.execute(text("update participants set role = 'organizer'"))
    page = client.get("/organizer").text
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    wanted = {"form_token": found[1], "host_class": "rig", "title": "a rig", "boundary": "modelled-cpu-time"}
    assert client.post("/organizer/codes", data=wanted).status_code == 200
    assert client.post("/organizer/hosts/host-1/revoke", data={"form_token": found[1]}).status_code == 200
    assert ("participant 1", "host_code_made", "rig") in acts(database)
    assert ("participant 1", "host_revoked", "host-1") in acts(database)


@pytest.mark.parametrize("statement", ["update audit set act = 'x'", "delete from audit"])
def test_database_refuses_to_change_the_log(database: Database, statement: str) -> None:
    fill(database)
    with pytest.raises(DatabaseError, match="append-only"), database.session() as session:
        session.execute(text(statement))
    assert len(acts(database)) == 3


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update audit set actor = 'somebody else' where seq = 2", "act 2 .* was changed"),
        ("update audit set digest = previous where seq = 1", "act 1 .* was changed"),
        ("delete from audit where seq = 2", "act 2 is missing"),
        ("delete from audit where seq = 1", "act 1 is missing"),
        ("update audit set previous = digest where seq = 3", "act 3 doesn't follow"),
    ],
)
def test_change_behind_the_triggers_breaks_the_chain(database: Database, statement: str, said: str) -> None:
    fill(database)
    unguarded(database, statement)
    with pytest.raises(audit.BrokenChainError, match=said), database.session(read_only=True) as session:
        audit.verify(session)


def test_tail_cut_off_is_seen_by_whoever_noted_the_last_digest(database: Database) -> None:
    fill(database)
    with database.session(read_only=True) as session:
        noted = audit.verify(session).head
    fill(database, 1)
    with database.session(read_only=True) as session:
        assert audit.verify(session, noted).acts == 4
    unguarded(database, "delete from audit where seq >= 3")
    with database.session(read_only=True) as session:
        assert audit.verify(session).acts == 2
        with pytest.raises(audit.BrokenChainError, match="cut off"):
            audit.verify(session, noted)


def test_acts_at_once_stand_in_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: fill(database, 2), range(12)))
    with database.session(read_only=True) as session:
        assert audit.verify(session).acts == 24


def test_command_prints_the_acts_and_verifies(database: Database, account: Callable[..., Account]) -> None:
    account("Alice")
    result = CliRunner().invoke(app, ["audit"])
    assert result.exit_code == 0, result.output
    assert "account_made" in result.output
    assert "the chain of 2 acts holds" in result.output
    unguarded(database, "update audit set subject = 'organizer' where seq = 1")
    broken = CliRunner().invoke(app, ["audit"])
    assert broken.exit_code == 3
    assert "act 1" in broken.output


def test_verify_says_whether_the_chain_holds_and_prints_no_act(database: Database, account: Callable[..., Account]) -> None:
    account("Alice")
    result = CliRunner().invoke(app, ["audit", "verify"])
    assert (result.exit_code, result.output.count("account_made")) == (0, 0)
    assert "the chain of 2 acts holds" in result.output
    unguarded(database, "update audit set subject = 'organizer' where seq = 1")
    assert CliRunner().invoke(app, ["audit", "verify"]).exit_code == 3
