"""Teams and quotas as people meet them in a browser, without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.settings import Settings
from tests.conftest import bundle_of


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Pages don't depend on the database: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


class Visitor:
    """A person with a browser: signs up, reads pages, sends the forms that they hold."""

    def __init__(self, client: TestClient, name: str) -> None:
        self.client, self.cookies = client, {}
        self.send("/sign-up", name=name, password="a long password")
        self.token = re.search(r'name="form_token" value="([^"]+)"', self.read("/me").text).group(1)  # type: ignore[union-attr]

    def read(self, path: str) -> Any:
        self.client.cookies.clear()
        return self.client.get(path, headers=self.headers())

    def send(self, path: str, files: Any = None, **fields: str) -> Any:
        self.client.cookies.clear()
        token = {"form_token": self.token} if self.cookies else {}
        answer = self.client.post(path, data=token | fields, files=files, headers=self.headers(), follow_redirects=False)
        self.cookies |= dict(answer.cookies)
        return answer

    def headers(self) -> dict[str, str]:
        return {"sec-fetch-site": "same-origin", "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


def test_a_team_is_founded_invited_to_joined_and_left(client: TestClient, host: Callable[..., Any]) -> None:
    host()
    alice, bob = Visitor(client, "Alice"), Visitor(client, "Bob")
    taken = alice.send("/teams", name="BOB")
    assert (taken.status_code, "is taken, by a person or a team" in taken.text) == (409, True)
    page = alice.send("/teams", name="Walshers").headers["location"]
    assert "You are in team" in alice.read("/me").text
    second = alice.send("/teams", name="Another")
    assert (second.status_code, "a person is in one team at a time" in second.text) == (409, True)
    invited = alice.send(f"{page}/invitations").text
    code = re.search(r"<pre[^>]*>(mj_team_[^<]+)</pre>", invited).group(1)  # type: ignore[union-attr]
    link = re.search(r"<pre[^>]*>(http[^<]+)</pre>", invited).group(1)  # type: ignore[union-attr]
    assert code not in alice.read(page).text, "shown once"
    path = link[link.index("/teams/join") :]
    signed_out = client.get(path, headers={"cookie": ""}, follow_redirects=False)
    assert signed_out.headers["location"].startswith("/sign-in?next=/teams/join%3Fcode%3Dmj_team_")
    assert "You are invited to team" in bob.read(path).text
    assert bob.send("/teams/join", code=code).headers["location"] == page
    assert "leads" in bob.read(page).text
    assert "Remove Alice" not in bob.read(page).text
    files = {"files": ("a.zip", bundle_of().to_zip())}
    assert bob.send("/submit", files, team="Walshers").status_code == 303
    assert "an entry" in client.get(page, headers={"cookie": ""}).text
    assert bob.send(f"{page}/leave").status_code == 303
    refused = bob.send("/submit", {"files": ("a.zip", bundle_of(name="late").to_zip())}, team="Walshers")
    assert (refused.status_code, "you are in no team" in refused.text) == (403, True)


def test_a_spent_quota_is_said_on_both_pages_with_the_next_allowed_time(
    client: TestClient, host: Callable[..., Any], settings: Settings
) -> None:
    host()
    client.app.state.settings = settings.model_copy(update={"quota_runs_per_day": 3})  # type: ignore[attr-defined]
    alice = Visitor(client, "Alice")
    assert alice.send("/submit", {"files": ("a.zip", bundle_of().to_zip())}).status_code == 303
    refused = alice.send("/submit", {"files": ("a.zip", bundle_of(name="second").to_zip())})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 86_401
    at = re.search(r"ubmit again after ([^<]+ UTC)", refused.text).group(1)  # type: ignore[union-attr]
    for path in ("/me", "/submit"):
        text = alice.read(path).text
        assert "You used 3 of 3 runs" in text
        assert f"The next run is allowed at {at}" in text
