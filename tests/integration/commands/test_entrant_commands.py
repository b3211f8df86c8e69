"""``minjoule replicate``, ``appeal`` and ``withdraw`` by the real command against the real app, in this process."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from minjoule.cli.main import run as run_command
from server import clock
from server.db.session import Database
from server.domain.reviews import Act
from server.organizers import service
from server.participants import service as participants
from tests.conftest import Account
from tests.fakes.hints import FakeHints


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Commands don't depend on the database's kind: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def address(client: TestClient) -> Iterator[str]:
    """The app behind a socket."""
    server = uvicorn.Server(uvicorn.Config(client.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


class Desk:
    """Alice's judged entry; ``say`` runs the command as somebody."""

    def __init__(self, client: TestClient, people: dict[str, Account], digest: str, run: Callable[..., tuple[int, str, str]]) -> None:
        self.client, self.people, self.digest, self.say = client, people, digest, run

    def entry(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/submissions/{self.digest}").json()["entries"][0]
        return found


@pytest.fixture
def desk(
    client: TestClient,
    address: str,
    account: Callable[..., Account],
    host: Any,
    submit: Any,
    judge: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Any,
) -> Desk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MINJOULE_SERVER", address)
    headers, people = host(), {name: account(name) for name in ("Alice", "Bob")} | {"Olga": account("Olga", "organizer")}
    digest = submit(people["Alice"])["id"]
    judge(headers)

    def run(who: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.delenv("MINJOULE_TOKEN", raising=False)
        if who:
            monkeypatch.setenv("MINJOULE_TOKEN", people[who].headers["authorization"].split()[1])
        monkeypatch.setattr(sys, "argv", ["minjoule", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run_command()
        told = capsys.readouterr()
        out = [line for line in told.out.splitlines() if not line.startswith('{"method"')]  # the server logs in this very process
        return int(end.value.code or 0), "\n".join(out), " ".join(told.err.split())

    return Desk(client, people, digest, run)


def test_anybody_replicates_a_listed_entry_once_at_a_time(desk: Desk) -> None:
    code, out, _ = desk.say("Bob", "replicate", desk.digest[:12], "test", "--json")
    assert (code, len(json.loads(out)["runs"])) == (0, 3)
    code, _, told = desk.say("Bob", "replicate", desk.digest[:12], "test")
    assert (code, told) == (2, "minjoule: a replication of this entry is under way its page shows the runs")
    code, _, told = desk.say("Bob", "replicate", desk.digest, "nope")
    assert (code, "track parity has no board for host class 'nope' its boards are: test" in told) == (2, True)
    code, _, told = desk.say("Bob", "replicate", "0" * 12, "test")
    assert (code, "there is no submission 000000000000 `minjoule runs` lists yours" in told) == (2, True)
    assert desk.say("", "replicate", desk.digest, "test")[0] == 2


def test_an_entrant_appeals_against_what_stands_and_not_against_what_was_restored(desk: Desk, database: Database, hints: FakeHints) -> None:
    words = ("appeal", desk.digest[:12], "test", "the labels were never in the box")
    nothing = "minjoule: nothing stands against the entry: it is qualified an appeal needs a dispute, a disqualification, a flag or a hold"
    assert desk.say("Alice", *words)[::2] == (2, nothing)
    with database.session() as session:
        olga, _ = participants.by_token(session, desk.people["Olga"].headers["authorization"].split()[1], clock.now())
        service.act_on(session, hints, olga, Act.DISQUALIFY, desk.digest, "test", "it read the labels", clock.now())
    code, _, told = desk.say("Bob", *words)
    assert (code, "this submission is somebody else's" in told) == (2, True)
    code, _, told = desk.say("Alice", *words[:3], "short")
    assert (code, "the text has 5 characters: 10 to 1000 printable ones are due" in told) == (1, True)
    assert desk.say("Alice", *words, "--json")[:2] == (0, '{"appealed": true}')
    code, _, told = desk.say("Alice", *words)
    assert (code, "an appeal for this entry is open already" in told) == (2, True)
    with database.session() as session:
        service.reply(session, olga, desk.digest, "test", True, "the box has no labels", clock.now())
    assert desk.say("Alice", *words)[::2] == (2, nothing)


def test_an_entrant_withdraws_and_it_counts_as_deleted(desk: Desk, database: Database) -> None:
    code, _, told = desk.say("Bob", "withdraw", desk.digest[:12])
    assert (code, "this submission is somebody else's" in told) == (2, True)
    code, out, _ = desk.say("Alice", "withdraw", desk.digest[:12], "--reason", "it was a wrong file")
    assert (code, out) == (0, "withdrawn from 1 board")
    assert (desk.entry()["status"], desk.entry()["reason"]) == ("WITHDRAWN", "it was a wrong file")
    code, _, told = desk.say("Alice", "withdraw", desk.digest[:12])
    assert (code, told) == (2, "minjoule: the submission was withdrawn already nothing is left to do")
    code, _, told = desk.say("Bob", "replicate", desk.digest[:12], "test")
    assert (code, "this entry is withdrawn: only what is listed can be replicated" in told) == (2, True)
