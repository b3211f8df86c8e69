"""An unsandboxed host judges only for a server that nobody else can reach, at every claim."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.app import create_app
from server.db.session import Database
from server.domain.errors import Conflict
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.settings import Settings
from tests.fakes.hints import FakeHints

LOCAL = NewClass("unsandboxed", "this machine", "modelled-cpu-time", True)


@pytest.fixture
def open_to_all(database: Database, settings: Settings) -> Iterator[TestClient]:
    """The same server, started anew beyond loopback."""
    app = create_app(settings.model_copy(update={"bind": "0.0.0.0"}), FakeHints())
    with TestClient(app) as client:
        yield client
    app.state.database.close()


def test_it_claims_on_loopback_and_no_more_once_the_server_listens_beyond(
    client: TestClient, open_to_all: TestClient, database: Database
) -> None:
    with database.session() as session:
        code = hosts.issue_code(session, LOCAL, loopback_only=True, now=clock.now())
    enrolled = client.post("/api/v1/host/enrolments", json={"code": code, "name": "mine"}).json()
    headers = {"authorization": f"Bearer {enrolled['token']}"}
    assert client.post("/api/v1/host/claims", headers=headers).status_code == 204
    answer = open_to_all.post("/api/v1/host/claims", headers=headers)
    assert answer.status_code == 409
    assert "listens beyond loopback" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("bind", "public"), [("0.0.0.0", "http://127.0.0.1:8000"), ("127.0.0.1", "https://minjoule.example.org")])
def test_no_code_is_made_for_it_there(database: Database, settings: Settings, bind: str, public: str) -> None:
    there = settings.model_copy(update={"bind": bind, "public_url": public})
    with database.session() as session, pytest.raises(Conflict, match="reachable from its own machine alone"):
        hosts.issue_code(session, LOCAL, loopback_only=there.loopback_only, now=clock.now())
