"""HTTP to the server: what is tried again, what is final, and where the token goes."""

import json

import httpx
import pytest

from tests.unit.worker.test_judge import claim
from worker import reporter as reporting
from worker.ports import LostLeaseError, RefusedError, ServerFault
from worker.reporter import HttpReporter
from worker.settings import Credentials

CREDENTIALS = Credentials(
    server="http://server.test/", host_class="c", boundary="modelled-cpu-time", unsandboxed=True, token="mj_host_a_secret"
)


class Answers(httpx.BaseTransport):
    """A server that gives the next answer to every request and remembers the requests; 0 is a refused connection."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, json={}, request=request)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "RETRY_S", (0.001,))


def test_a_report_is_tried_again_while_the_server_is_away_and_says_the_same_each_time() -> None:
    server = Answers(0, 503, 500, 200)
    HttpReporter(CREDENTIALS, server).report(claim("r1"), {"loss": 0.5})
    bodies = [json.loads(request.content) for request in server.requests]
    assert bodies == [{"epoch": 1, "loss": 0.5}] * 4


def test_a_report_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "REPORT_FOR_S", 0.02)
    with pytest.raises(ServerFault, match="ConnectError: refused"):
        HttpReporter(CREDENTIALS, Answers(0)).report(claim("r1"), {})


def test_a_conflict_is_a_lost_lease_and_is_not_tried_again() -> None:
    server = Answers(409)
    with pytest.raises(LostLeaseError):
        HttpReporter(CREDENTIALS, server).report(claim("r1"), {})
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [413, 422])
def test_what_the_server_refuses_is_not_sent_again(status: int) -> None:
    server = Answers(status)
    with pytest.raises(RefusedError, match=f"{status}"):
        HttpReporter(CREDENTIALS, server).report(claim("r1"), {})
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 429])
def test_what_the_server_puts_off_is_sent_again(status: int) -> None:
    server = Answers(status, 200)
    HttpReporter(CREDENTIALS, server).report(claim("r1"), {})
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [0, 401, 503])
def test_a_claim_is_tried_once_as_the_next_hint_brings_another(status: int) -> None:
    server = Answers(status)
    with pytest.raises(ServerFault):
        HttpReporter(CREDENTIALS, server).claim()
    assert len(server.requests) == 1


def test_nothing_queued_is_none_and_the_token_is_in_the_header_alone() -> None:
    server = Answers(204)
    assert HttpReporter(CREDENTIALS, server).claim() is None
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer mj_host_a_secret"
    assert str(request.url) == "http://server.test/api/v1/host/claims"
    assert b"secret" not in request.content


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_attempt_that_the_server_does_not_know_is_dropped_at_once(status: int) -> None:
    server = Answers(status)
    with pytest.raises(LostLeaseError, match=str(status)):
        HttpReporter(CREDENTIALS, server).report(claim("r1"), {})
    assert len(server.requests) == 1


def test_too_many_requests_is_a_matter_of_time() -> None:
    server = Answers(429, 200)
    HttpReporter(CREDENTIALS, server).report(claim("r1"), {})
    assert len(server.requests) == 2


def test_the_hosts_own_user_takes_the_place_of_any_other() -> None:
    own = CREDENTIALS.model_copy(update={"queue_user": "minjoule-host-1", "queue_password": "p"})
    assert own.queue_url("redis://:shared@server:6379/2") == "redis://minjoule-host-1:p@server:6379/2"
    assert CREDENTIALS.queue_url("redis://:shared@server:6379/2") == "redis://:shared@server:6379/2"
