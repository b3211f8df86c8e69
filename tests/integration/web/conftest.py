"""A world with everybody in it: whose requests the route and header tests send."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from server import clock
from server.boards.service import rank_stale_boards
from server.db.rows import ParticipantRow
from server.db.session import Database
from server.domain.participant import Participant
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.organizers import seasons
from server.participants import service as participants
from server.participants import teams
from tests.conftest import bundle_of, report_of

ROLES = ("visitor", "wrong_host", "host", "other", "organizer", "owner")
"""In the order in which they try: whoever may do least comes first, so that nobody's act spoils the next one's."""


@dataclass(frozen=True)
class Signed:
    """An account as a browser and as a program has it."""

    token: str
    token_id: str
    cookie: str
    form_token: str


@dataclass(frozen=True)
class World:
    """Alice owns a submission whose first run is judged by ``host`` just now, the second is done; Bob is somebody else.

    Alice leads the team Walshers, where Mia is a member and an invitation is open.
    """

    app: FastAPI
    client: TestClient
    database: Database
    people: dict[str, Signed]
    hosts: dict[str, dict[str, str]]
    names: dict[str, str]
    claim: dict[str, Any]

    def request(self, role: str, method: str, path: str, **sent: Any) -> Any:
        """One request: accounts by cookie on pages and by token on the API, hosts by token."""
        headers: dict[str, str] = {"sec-fetch-site": "same-origin"} | sent.pop("headers", {})
        self.client.cookies.clear()
        if role in self.hosts:
            headers |= self.hosts[role]
        elif role in self.people and path.startswith("/api/"):
            headers["authorization"] = f"Bearer {self.people[role].token}"
        elif role in self.people:
            self.client.cookies.set(self.app.state.cookie_name, self.people[role].cookie)
        return self.client.request(method, path, headers=headers, follow_redirects=False, **sent)

    def code(self) -> str:
        """A fresh enrolment code."""
        with self.database.session() as session:
            wanted = NewClass("test", "a test machine", "modelled-cpu-time", False)
            return hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())

    def invitation(self) -> str:
        """A fresh code of Alice's team."""
        with self.database.session() as session:
            return teams.invite(session, who(session, self.people["owner"]), int(self.names["team_id"]), clock.now())[1]


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Who may do what doesn't depend on the database: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def world(client: TestClient, database: Database, host: Callable[..., Any]) -> World:
    people = {"owner": signed(database, "Alice"), "other": signed(database, "Bob"), "organizer": signed(database, "Olga", "organizer")}
    its = {"host": host("host-1"), "wrong_host": host("host-2")}
    bearer = {"authorization": f"Bearer {people['owner'].token}"}
    view = client.put("/api/v1/submissions", content=bundle_of().to_zip(), headers=bearer).json()
    done = client.post("/api/v1/host/claims", headers=its["host"]).json()
    answer = client.post(f"/api/v1/host/attempts/{done['attempt_id']}/report", json=report_of(done["epoch"]), headers=its["host"])
    assert answer.status_code == 200, answer.text
    claim = client.post("/api/v1/host/claims", headers=its["host"]).json()
    with database.session() as session:
        seasons.open_season(session, None, "parity", clock.now(), clock.now() + dt.timedelta(days=9), clock.now())
    names = {"digest": view["id"], "run_id": done["run_id"], "attempt_id": str(claim["attempt_id"]), "slug": "parity"}
    names |= {"host_class": "test", "name": "host-1", "token_id": people["owner"].token_id, "number": "1"}
    with database.session() as session:
        rank_stale_boards(session, clock.now())
    names |= team_of(database, people["owner"])
    return World(client.app, client, database, people, its, names, claim)  # type: ignore[arg-type]


def team_of(database: Database, lead: Signed) -> dict[str, str]:
    """The Walshers, with Mia, and an open invitation."""
    mia = member(database, "Mia")
    with database.session() as session:
        team = teams.found(session, who(session, lead), "Walshers", clock.now())
        teams.join(session, who(session, mia), teams.invite(session, who(session, lead), team.id, clock.now())[1], clock.now())
        open_one, _ = teams.invite(session, who(session, lead), team.id, clock.now())
        return {"team_id": str(team.id), "invitation_id": open_one.id, "member_id": str(who(session, mia).id)}


def who(session: Session, account: Signed) -> Participant:
    found = participants.by_cookie(session, account.cookie, clock.now())
    assert found
    return found


def member(database: Database, name: str) -> Signed:
    """An account that never signs in by its password, whose hash would take a while."""
    with database.session() as session:
        row = ParticipantRow(name=name, name_key=name.lower(), password_hash="", role="participant", created_at=clock.now())
        session.add(row)
        session.flush()
        return credentials(session, row.id)


def signed(database: Database, name: str, role: str = "participant") -> Signed:
    with database.session() as session:
        row = participants.sign_up(session, name, "a long password", clock.now(), role)
        return credentials(session, row.id)


def credentials(session: Session, participant_id: int) -> Signed:
    """A token, a browser's cookie and its form token."""
    token = participants.issue_token(session, participant_id, "test", clock.now(), 1)
    cookie = participants.open_session(session, participant_id, clock.now(), 1)
    session.flush()
    found = participants.by_cookie(session, cookie, clock.now())
    assert found
    return Signed(token, token.split("_")[2], cookie, found.form_token)
