"""Accounts and tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account

Make = Callable[..., Account]


def test_name_and_password_give_a_token_that_speaks_for_its_owner(client: TestClient, account: Make) -> None:
    account("Alice")
    token = client.post("/api/v1/tokens", json={"name": "alice", "password": "a long password"}).json()["token"]
    me = client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"}).json()
    unused = {"runs_used": 0, "runs_limit": 300, "joules_used": 0.0, "joules_limit": 3_600_000.0, "next_allowed_at": None}
    assert me == {"name": "Alice", "role": "participant", "runs_left_today": 300, "quota": unused, "team": None}


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: TestClient, account: Make) -> None:
    account("Alice")
    wrong = client.post("/api/v1/tokens", json={"name": "Alice", "password": "another password"})
    unknown = client.post("/api/v1/tokens", json={"name": "Nobody", "password": "another password"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json()) == (401, wrong.json())


@pytest.mark.parametrize("token", ["", "nonsense", "mj_cli_abc_def", "mj_host_1_x", "mj_cli_" + "x" * 500 + "_y"])
def test_a_token_that_is_none_says_what_to_do(client: TestClient, database: Any, token: str) -> None:
    answer = client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert "minjoule login" in answer.json()["error"]["hint"]


def test_an_expired_token_says_when_it_expired(client: TestClient, account: Make, sql: Callable[[str], Any]) -> None:
    alice = account("Alice")
    sql("update api_tokens set expires_at = '2020-01-01 00:00:00+00:00'")
    answer = client.get("/api/v1/me", headers=alice.headers)
    assert answer.status_code == 401
    assert "expired on 2020-01-01" in answer.json()["error"]["message"]


def test_a_token_is_revoked_by_its_owner_alone(client: TestClient, account: Make) -> None:
    alice, bob = account("Alice"), account("Bob")
    token_id = alice.headers["authorization"].split("_")[2]
    assert client.delete(f"/api/v1/tokens/{token_id}", headers=bob.headers).status_code == 404
    assert client.delete(f"/api/v1/tokens/{token_id}", headers=alice.headers).status_code == 204
    refused = client.get("/api/v1/me", headers=alice.headers)
    assert refused.status_code == 401
    assert "revoked" in refused.json()["error"]["message"]
