"""Which server and whose token: decided together, so that a token never goes to another server."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from minjoule import client
from minjoule.cli.entry import init, key_of
from minjoule.client import AddressError, Client, Credentials, CredentialsError, UnreachableError

A, B = "https://a.test", "https://b.test"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("MINJOULE_SERVER", raising=False)
    monkeypatch.delenv("MINJOULE_TOKEN", raising=False)


@pytest.mark.parametrize(
    ("stored", "server", "token", "expected"),
    [
        (True, "", "", (A, "of-a")),
        (True, A + "/", "", (A, "of-a")),
        (True, B, "", (B, None)),
        (True, "", "mine", (A, "mine")),
        (True, B, "mine", (B, "mine")),
        (False, "", "mine", (client.DEFAULT_SERVER, "mine")),
        (False, B, "", (B, None)),
        (False, "", "", (client.DEFAULT_SERVER, None)),
    ],
)
def test_server_and_token_are_resolved_together(
    monkeypatch: pytest.MonkeyPatch, stored: bool, server: str, token: str, expected: tuple[str, str | None]
) -> None:
    if stored:
        client.store_credentials(Credentials(A, "of-a"))
    monkeypatch.setenv("MINJOULE_SERVER", server)
    monkeypatch.setenv("MINJOULE_TOKEN", token)
    assert client.resolve() == expected
    assert client.server_url() == expected[0]


def test_a_login_elsewhere_is_no_login_here(monkeypatch: pytest.MonkeyPatch) -> None:
    client.store_credentials(Credentials(A, "of-a"))
    monkeypatch.setenv("MINJOULE_SERVER", B)
    with pytest.raises(CredentialsError, match=f"aren't logged in to {B}: run `minjoule login --server {B}`"):
        client.load_credentials()


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(AddressError, match="isn't an address"):
        Client("http://[::1")


@pytest.mark.parametrize("key", ["zz", "ab", "g" * 64, "a" * 63, "a" * 66])
def test_a_key_is_64_hexadecimal_digits(key: str) -> None:
    with pytest.raises(typer.BadParameter, match="must be 64 hexadecimal digits"):
        key_of(key)


def test_init_leaves_a_file_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(typer.BadParameter, match="is a file; nothing was written"):
        init(tmp_path / "file")


class Restarting(Client):
    """Answers, is away for some requests, and answers again."""

    def __init__(self, *answers: dict[str, Any] | None) -> None:
        super().__init__(A)
        self.answers, self._heard = list(answers), True

    def _events(self, run_id: str) -> Any:
        raise UnreachableError(run_id)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.answers.pop(0)
        if answer is None:
            raise UnreachableError(path)
        return json.loads(json.dumps(answer))


def test_following_outlives_a_restart_and_says_once_that_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "POLL_S", 0.001)
    said: list[str] = []
    states = [run["state"] for run in Restarting({"state": "QUEUED"}, None, None, None, {"state": "DONE"}).follow("r", said.append)]
    assert states == ["QUEUED", "DONE"]
    assert len(said) == 1
