"""From reports to standings."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account, bundle_of

Make = Callable[..., Account]
BOARD = "/api/v1/tracks/parity/boards/test"


def test_less_energy_ranks_first_and_what_misses_the_target_is_shown_unranked(
    client: TestClient, account: Make, host: Any, submit: Any, judge: Any
) -> None:
    headers, alice = host(), account("Alice")
    for name, loss, energy_uj in (("dear", 0.2, 9_000_000), ("cheap", 0.2, 4_000_000), ("wrong", 0.9, 2_000_000)):
        submit(alice, bundle_of(name=name))
        judge(headers, loss=loss, energy_uj=energy_uj)
    entries = client.get(BOARD).json()["entries"]
    assert [(entry["rank"], entry["name"], entry["status"]) for entry in entries] == [
        (1, "cheap", "QUALIFIED"),
        (2, "dear", "QUALIFIED"),
        (None, "wrong", "ABOVE_TARGET"),
    ]
    assert entries[0]["energy_j"] == pytest.approx(4)
    assert (entries[0]["train_j"], entries[0]["score_j"]) == (3, 1)


def test_an_entry_is_provisional_until_all_its_runs_are_done(client: TestClient, account: Make, host: Any, submit: Any, judge: Any) -> None:
    headers = host()
    submit(account("Alice"))
    judge(headers, most=2)
    entry = client.get(BOARD).json()["entries"][0]
    assert (entry["rank"], entry["status"], entry["runs_done"], entry["runs_wanted"]) == (None, "PROVISIONAL", 2, 3)


def test_one_failed_run_keeps_an_entry_above_the_target(client: TestClient, account: Make, host: Any, submit: Any, judge: Any) -> None:
    headers = host()
    submit(account("Alice"))
    judge(headers, most=2)
    judge(headers, outcome="RUNTIME_ERROR", message="ValueError", loss=None, score=None)
    entry = client.get(BOARD).json()["entries"][0]
    assert (entry["rank"], entry["status"], entry["loss"]) == (None, "ABOVE_TARGET", None)


def test_a_page_of_a_long_board_goes_on_where_the_last_ended(client: TestClient, account: Make, host: Any, submit: Any, judge: Any) -> None:
    headers, alice = host(), account("Alice")
    for number in range(5):
        submit(alice, bundle_of(name=f"entry {number}"))
        judge(headers, loss=0.1 if number < 3 else 0.9, energy_uj=2_000_000 + number)
    pages = [client.get(BOARD, params={"limit": 2, "offset": offset}).json()["entries"] for offset in (0, 2, 4)]
    assert [entry["name"] for page in pages for entry in page] == ["entry 0", "entry 1", "entry 2", "entry 4", "entry 3"]


def test_an_unknown_board_names_the_known_ones(client: TestClient, host: Any) -> None:
    host()
    answer = client.get("/api/v1/tracks/parity/boards/other")
    assert answer.status_code == 404
    assert "its boards are: test" in answer.json()["error"]["hint"]
