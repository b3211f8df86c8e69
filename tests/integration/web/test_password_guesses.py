"""Guesses at one account's password: counted by account, whoever guesses, and the same for a name that nobody has."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from server import audit
from server.app import create_app
from server.db.session import Database
from server.participants import service
from server.settings import Settings
from tests.conftest import Account
from tests.fakes.hints import FakeHints

PASSWORD, LIMIT = "a long password", 2


@pytest.fixture
def guess(database: Database, settings: Settings, account: Callable[..., Account]) -> Iterator[Callable[..., httpx.Response]]:
    """Ask for a token from any address; Alice and Bob have accounts."""
    account("Alice")
    account("Bob")
    app = create_app(settings.model_copy(update={"password_guesses_per_hour": LIMIT}), FakeHints())
    with ExitStack() as open_clients:

        def ask(name: str, password: str, address: str = "192.0.2.1", path: str = "/api/v1/tokens") -> httpx.Response:
            client = open_clients.enter_context(TestClient(app, client=(address, 1), headers={"sec-fetch-site": "same-origin"}))
            said = {"name": name, "password": password}
            sent: dict[str, Any] = {"json": said | {"label": "laptop"}} if path.startswith("/api/") else {"data": said}
            return client.post(path, **sent, follow_redirects=False)

        yield ask
    app.state.database.close()


def acts(database: Database) -> list[str]:
    with database.session(read_only=True) as session:
        return [row.act for row in audit.acts(session)]


@pytest.mark.parametrize("name", ["Alice", "Nobody"])
def test_guesses_from_many_addresses_are_refused_alike_for_names_that_are_and_that_arent(
    guess: Callable[..., httpx.Response], database: Database, name: str
) -> None:
    answers = [guess(name, "wrong password", f"192.0.2.{number}") for number in range(LIMIT + 3)]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600
    said = f"too many guesses at this account's password; {LIMIT} per 1 hour are allowed"
    assert answers[-1].json()["error"]["message"] == said
    assert guess(name, PASSWORD, "192.0.2.99").status_code == 429, "the right one would tell that it's right"
    page = guess(name, PASSWORD, path="/sign-in")
    assert (page.status_code, "retry-after" in page.headers, "guesses at this account" in page.text) == (429, True, True)
    assert [act for act in acts(database) if act.startswith("sign_in")] == ["sign_in_refused"] * LIMIT + ["sign_ins_limited"]
    assert guess("Bob", PASSWORD).status_code == 201, "another account isn't concerned"


def test_who_knows_the_password_begins_anew(guess: Callable[..., httpx.Response]) -> None:
    for _ in range(2):
        assert [guess("Alice", "wrong password").status_code for _ in range(LIMIT - 1)] == [401] * (LIMIT - 1)
        assert guess("alice", PASSWORD).status_code == 201, "names are folded before they're counted"


def test_a_pool_that_is_full_of_guesses_refuses_at_once_and_lets_go(guess: Callable[..., httpx.Response]) -> None:
    with ExitStack() as busy:
        while service.WAITING.acquire(blocking=False):
            busy.callback(service.WAITING.release)
        refused = guess("Alice", PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(service.SOON_S))
    assert guess("Alice", PASSWORD).status_code == 201
