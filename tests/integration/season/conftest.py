"""The platform through a season: entrants, organizer and hosts are played by the test, over HTTP."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.boards.service import rank_stale_boards
from server.db.session import Database
from server.domain.participant import Participant
from server.finals.tasks import tend_finals
from server.participants import service as participants
from server.records.tasks import follow_ranking, tend_duels
from tests.conftest import Account, bundle_of, report_of
from tests.fakes.hints import FakeHints

LOSSES = {"parity": 0.3, "digits": 0.2, "kjv": 1.0, "digits-torch": 0.2}


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """A whole season is long: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def source(number: int) -> str:
    """Sources of lineages of their own."""
    body = "\n".join(f"    value = value.step{number}_{line}(value, {line}) + value.turn{number}" for line in range(12))
    return f"def train(data, *, seed):\n    value = data\n{body}\n    return value\n"


class People:
    """Participants by number, signed up when they're first asked for."""

    def __init__(self, account: Callable[..., Account]) -> None:
        self._account, self._known = account, dict[int, Account]()

    def __getitem__(self, number: int) -> Account:
        if number not in self._known:
            self._known[number] = self._account(f"entrant {number}")
        return self._known[number]

    def __len__(self) -> int:
        return len(self._known)


class Play:
    """The platform, and what the actors of the season do with it."""

    def __init__(self, client: TestClient, database: Database, account: Callable[..., Account], submit: Any) -> None:
        self.client, self.database, self.hints, self.submit = client, database, FakeHints(), submit
        self.people = People(account)
        self.olga = account("Olga", "organizer")
        self.joules: dict[str, float] = {}
        self.fresh: dict[str, tuple[float, float]] = {}
        """Joules and loss of an entry's final runs, where they aren't those that listed it."""
        self.noise = random.Random(7)
        self.purposes: list[str] = []

    def enter(self, who: int, track: str, joules: float) -> str:
        code = source(len(self.joules))
        bundle = bundle_of(track=track, name=f"entry {len(self.joules)}", **{"entry.py": code})
        digest: str = self.submit(self.people[who], bundle)["id"]
        self.joules[digest] = joules
        return digest

    def judge(self, headers: dict[str, str], factor: float = 1.0, most: int = 1000) -> int:
        """Carry out what waits; an entry's joules are its own, 0.5 % about."""
        for count in range(most):
            answer = self.client.post("/api/v1/host/claims", headers=headers)
            if answer.status_code == 204:
                return count
            claim = answer.json()
            joules, loss = self.joules[claim["submission_digest"]], LOSSES[claim["track"]["slug"]]
            if claim["purpose"] == "season_close":
                joules, loss = self.fresh.get(claim["submission_digest"], (joules, loss))
            energy = round(1e6 * factor * joules * self.noise.gauss(1, 0.005))
            said = report_of(claim["epoch"], loss=loss, energy_uj=energy)
            self.client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).raise_for_status()
            self.purposes.append(claim["purpose"])
        return most

    def tick(self, now: dt.datetime | None = None) -> None:
        """What the server's tasks do."""
        now = now or clock.now()
        with self.database.session() as session:
            follow_ranking(session, self.hints, rank_stale_boards(session, now), now)
        with self.database.session() as session:
            tend_duels(session, self.hints, now)
        with self.database.session() as session:
            tend_finals(session, self.hints, now)

    def settle(self, *hosts: dict[str, str], now: dt.datetime | None = None) -> None:
        """Until nothing waits."""
        for _ in range(15):
            self.tick(now)
            if not sum(self.judge(each) for each in hosts):
                return self.tick(now)
        return pytest.fail("it never settles")

    def organizer(self) -> Participant:
        with self.database.session(read_only=True) as session:
            return participants.by_token(session, self.olga.headers["authorization"].split()[1], clock.now())[0]

    def entry(self, digest: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
        return found

    def within(self, work: Callable[..., Any], *values: Any) -> Any:
        with self.database.session() as session:
            return work(session, *values)


@pytest.fixture
def play(client: TestClient, database: Database, account: Callable[..., Account], submit: Any) -> Play:
    return Play(client, database, account, submit)
