"""The control workload as the public sees it: a host that fails has its runs since the last pass flagged, its own and no others."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account, bundle_of

Judge = Callable[..., list[str]]


def said(client: TestClient, headers: dict[str, str], *, passed: bool, words: str = "spread 0.2 %") -> None:
    answer = client.post("/api/v1/host/controls", json={"passed": passed, "said": words}, headers=headers)
    assert answer.status_code == 204, answer.text


def flags(client: TestClient, run_ids: list[str]) -> list[str | None]:
    return [client.get(f"/api/v1/runs/{each}").json()["flag"] for each in run_ids]


def test_a_failed_control_flags_what_the_host_reported_since_its_last_pass(
    client: TestClient, host: Callable[..., Any], account: Callable[..., Account], submit: Callable[..., Any], judge: Judge
) -> None:
    first, second = host("first"), host("second")
    submit(account("Alice"))
    before = judge(first, most=1)
    said(client, first, passed=True)
    since = judge(first, most=1)
    others = judge(second, most=1)
    said(client, first, passed=False, words="the joules spread by 4 %, <b>1 %</b> is allowed")
    assert flags(client, before + others) == [None, None]
    (flag,) = flags(client, since)
    assert flag is not None
    assert "host first failed its control workload" in flag
    assert "its last pass was at" in flag
    page = client.get(f"/runs/{since[0]}").text
    assert "Flagged:" in page
    assert "&lt;b&gt;1 %&lt;/b&gt;" in page
    hosts = {each["name"]: each for each in client.get("/api/v1/hosts").json()}
    assert hosts["first"]["control_said"].startswith("the joules spread")
    assert hosts["second"]["control_at"] is None
    assert "stands down" in client.get("/hosts").text


def test_a_host_that_never_passed_has_everything_flagged_and_the_first_reason_stays(
    client: TestClient, host: Callable[..., Any], account: Callable[..., Account], submit: Callable[..., Any], judge: Judge
) -> None:
    headers = host()
    submit(account("Alice"), bundle_of())
    done = judge(headers)
    said(client, headers, passed=False, words="one")
    once = flags(client, done)
    assert all(each is not None and "it had never passed one" in each for each in once)
    said(client, headers, passed=False, words="two")
    assert flags(client, done) == once
    said(client, headers, passed=True)
    assert flags(client, done) == once, "a later pass doesn't vouch for what was before"
    assert "stands down" not in client.get("/hosts").text


@pytest.mark.parametrize(
    "content", [{}, {"passed": "perhaps", "said": "x"}, {"passed": True, "said": ""}, {"passed": True, "said": "x" * 501}]
)
def test_a_strange_control_is_refused(client: TestClient, host: Callable[..., Any], content: dict[str, Any]) -> None:
    assert client.post("/api/v1/host/controls", json=content, headers=host()).status_code == 422
