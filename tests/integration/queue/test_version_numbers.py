"""Two rank tasks at once, on each database: every version has its own number, none is lost, and the newest is what the board shows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi.testclient import TestClient

from server import clock
from server.boards import repository
from server.boards.service import rank_stale_boards
from server.db.rows import EntryRow
from server.db.session import Database
from tests.conftest import Account, report_of
from tests.fakes.hints import FakeHints

BOARD = "/api/v1/tracks/parity/boards/test"
METERS = [{"meter": "cpu", "energy_uj": 4_000_000, "billed": True}, {"meter": "shelly", "energy_uj": 7_000_000, "billed": False}]
ROUNDS = 6


def test_no_version_is_lost_and_none_is_there_twice(
    client: TestClient, database: Database, host: Any, account: Callable[..., Account], submit: Any, judge: Any, hints: FakeHints
) -> None:
    headers = host()
    submit(account("Alice"))
    judge(headers, train=report_of(1)["train"] | {"meters": METERS}, score=None, outcome="RUNTIME_ERROR", loss=None, message="x")

    def change(amount: float) -> None:
        """As a report does: the wish for a ranking, the entry's figures, and soon after a rank task."""
        for _ in range(ROUNDS):
            with database.session() as session:
                entry = session.query(EntryRow).one()
                repository.make_stale(session, entry.board_id)
                session.refresh(entry, with_for_update=True)
                entry.mean_log_j = (entry.mean_log_j or 0.0) + amount
            with database.session() as session:
                rank_stale_boards(session, clock.now())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(change, (0.5, 0.25)))
    versions = client.get(f"{BOARD}/versions", params={"limit": 200}).json()
    numbers = [each["number"] for each in versions]
    assert numbers == list(range(len(numbers), 0, -1))
    assert len(numbers) > ROUNDS, "each thread's own last change was ranked before it made the next"
    newest = client.get(f"{BOARD}/versions/{numbers[0]}").json()
    assert newest["entries"] == client.get(BOARD).json()["entries"]
    assert newest["entries"][0]["meters"][0]["meter"] == "shelly"
    said = {"passed": False, "said": "too wide"}
    assert client.post("/api/v1/host/controls", json=said, headers=headers).status_code == 204
    with database.session() as session:
        assert len(rank_stale_boards(session, clock.now())) == 1, "a host's flag asks for its boards"
