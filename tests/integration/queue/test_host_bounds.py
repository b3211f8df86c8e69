"""Idle power and rating of a measured host, fixed by its first calibration that passed: a report beyond them is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import audit
from server.db.session import Database
from tests.conftest import Account, report_of

IDLE_W, RATED_W = 25.0, 65.0


def calibrated(
    client: TestClient, headers: dict[str, str], idle_w: object = IDLE_W, rated_w: object = RATED_W, *, passed: bool = True
) -> int:
    said = {"passed": passed, "said": "spread 0.2 %", "idle_w": idle_w, "rated_w": rated_w}
    return client.post("/api/v1/host/controls", json=said, headers=headers).status_code


def facts_of(client: TestClient) -> dict[str, Any]:
    facts: dict[str, Any] = client.get("/api/v1/hosts").json()[0]["facts"]
    return facts


def window(watts: float) -> dict[str, Any]:
    return {
        "train": {"begin_ns": 0, "end_ns": 10**9, "energy_uj": round(watts * 1e6)},
        "score": None,
        "outcome": "RUNTIME_ERROR",
        "loss": None,
    }


@pytest.mark.parametrize(
    ("watts", "status", "words"),
    [(5.0, 422, "draws 20 W at rest"), (24.0, 200, ""), (60.0, 200, ""), (90.0, 422, "is rated 65 W")],
    ids=["less than at rest", "almost at rest", "at work", "beyond its rating"],
)
def test_a_report_must_lie_between_idle_and_rated(
    client: TestClient, account: Callable[..., Account], host: Any, submit: Any, watts: float, status: int, words: str
) -> None:
    headers = host(boundary="node-cpu", host_class="measured")
    assert calibrated(client, headers) == 204
    assert (facts_of(client)["least_w"], facts_of(client)["rated_w"]) == (20.0, RATED_W)
    submit(account("Alice"))
    claim = client.post("/api/v1/host/claims", headers=headers).json()
    path = f"/api/v1/host/attempts/{claim['attempt_id']}/report"
    answer = client.post(path, json=report_of(1) | window(watts) | {"symbols": 0}, headers=headers)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_the_first_calibration_that_passed_fixes_the_bounds_and_no_later_one_moves_them(
    client: TestClient, host: Any, database: Database
) -> None:
    headers = host(boundary="node-cpu", host_class="measured")
    assert calibrated(client, headers, passed=False) == 204
    assert "least_w" not in facts_of(client)
    assert calibrated(client, headers) == 204
    assert calibrated(client, headers, 0.01, 19_000.0) == 204
    assert (facts_of(client)["least_w"], facts_of(client)["rated_w"]) == (20.0, RATED_W)
    with database.session(read_only=True) as session:
        assert [row.act for row in audit.acts(session)].count("bounds_fixed") == 1


def test_a_modelled_host_has_no_idle_power(client: TestClient, host: Any) -> None:
    assert calibrated(client, host()) == 204
    assert "least_w" not in facts_of(client)


@pytest.mark.parametrize(("idle_w", "rated_w"), [(0, 65), (-1, 65), (70, 65), ("25", True), (1e9, 2e9), (25, 20_001)])
def test_bounds_that_cannot_be_are_refused(client: TestClient, host: Any, idle_w: object, rated_w: object) -> None:
    assert calibrated(client, host(boundary="node-cpu", host_class="measured"), idle_w, rated_w) == 422
