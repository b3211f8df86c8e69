"""The pages as a browser gets them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account, bundle_of

HOSTILE = "<script>alert(1)</script>"


def sign_up(client: TestClient, name: str) -> str:
    """A signed-in browser; gives its form token."""
    client.headers["sec-fetch-site"] = "same-origin"  # as a browser says; without it the guard refuses before a form token is looked at
    answer = client.post("/sign-up", data={"name": name, "password": "a long password"})
    assert answer.status_code == 200, answer.text
    found = re.search(r'name="form_token" value="([^"]+)"', answer.text)
    assert found
    return found[1]


@pytest.mark.parametrize("path", ["/", "/hosts", "/sign-up", "/sign-in", "/tracks/parity", "/tracks/parity/rules"])
def test_public_page_answers_without_an_account(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "address"),
    [("/me", "/sign-in"), ("/submit", "/sign-in?next=/submit"), ("/organizer", "/sign-in?next=/organizer")],
)
def test_page_that_needs_an_account_leads_to_sign_in(client: TestClient, path: str, address: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, address)


def test_organizer_page_is_forbidden_to_a_participant(client: TestClient) -> None:
    sign_up(client, "Bob")
    assert client.get("/organizer").status_code == 403


def test_form_without_the_sessions_token_is_refused(client: TestClient, host: Callable[..., Any]) -> None:
    host()
    sign_up(client, "Alice")
    files = {"files": ("bundle.zip", bundle_of().to_zip())}
    for answer in (
        client.post("/submit", data={"form_token": "x"}, files=files),
        client.post("/me/tokens", data={"form_token": "x", "label": "mine"}),
    ):
        assert "this form isn" in answer.text
        assert "Your new token" not in answer.text


def test_bad_upload_shows_its_reason_in_the_form(client: TestClient, host: Callable[..., Any]) -> None:
    host()
    token = sign_up(client, "Alice")
    answer = client.post("/submit", data={"form_token": token}, files={"files": ("entry.py", b"x = 1\n")})
    assert answer.status_code == 422
    assert "no entry.toml" in answer.text
    assert 'type="file"' in answer.text


def test_source_is_shown_to_its_owner_alone_and_escaped(client: TestClient, host: Callable[..., Any]) -> None:
    host()
    token = sign_up(client, "Alice")
    bundle = bundle_of(name="a <b>name</b>", **{"entry.py": f"# {HOSTILE}\ndef train(data, *, seed):\n    return b'x'\n"})
    files = [("files", (path, content)) for path, content in bundle.files.items()]
    assert client.post("/submit", data={"form_token": token}, files=files).status_code == 200
    own = client.get(f"/submissions/{bundle.digest}").text
    assert "&lt;script&gt;alert(1)" in own
    assert HOSTILE not in own
    client.cookies.clear()
    others = client.get(f"/submissions/{bundle.digest}").text
    assert "Shown to its owner only" in others
    assert "alert(1)" not in others


def test_board_shows_a_ranking_soon_after_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
    client: TestClient,
    host: Callable[..., Any],
    account: Callable[..., Account],
    submit: Callable[..., Any],
    judge: Callable[..., Any],
) -> None:
    headers, alice = host(), account("Alice")
    monkeypatch.setattr("server.boards.pages.REMEMBER_S", 0.0)
    assert "Nobody has entered yet" in client.get("/tracks/parity").text
    submit(alice, bundle_of(name="walsh <i>"))
    judge(headers, loss=0.01)
    shown = client.get("/tracks/parity").text
    assert "walsh &lt;i&gt;" in shown
    assert "1 ranked" in shown


def test_board_never_shows_one_readers_name_to_another(client: TestClient, host: Callable[..., Any]) -> None:
    host()
    sign_up(client, "Alice")
    assert "Alice" in client.get("/tracks/parity").text
    client.cookies.clear()
    assert "Alice" not in client.get("/tracks/parity").text


@pytest.mark.parametrize("offset", ["-1", "x", "1e3", "99999999"])
def test_odd_offset_of_a_board_is_refused_with_its_value(client: TestClient, host: Callable[..., Any], offset: str) -> None:
    host()
    answer = client.get("/tracks/parity", params={"offset": offset})
    assert answer.status_code == 422
    assert offset in answer.text


def test_unknown_track_is_not_found(client: TestClient) -> None:
    assert client.get("/tracks/nope").status_code == 404
