"""Records: who is first by fresh runs, in turns on one host; what takes a record back; who checks the first."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.boards.service import rank_stale_boards, restore
from server.db.rows import DuelRow, EntryRow, RecordRow, RunRow
from server.db.session import Database
from server.domain.duels import COMMENT_PERIOD
from server.records import service
from server.records.tasks import follow_ranking, tend_duels
from tests.conftest import Account, bundle_of, report_of
from tests.fakes.hints import FakeHints

Make = Callable[..., Account]


def source(number: int) -> str:
    """Sources of lineages of their own."""
    body = "\n".join(f"    value = value.step{number}_{line}(value, {line}) + value.turn{number}" for line in range(12))
    return f"def train(data, *, seed):\n    value = data\n{body}\n    return value\n"


class Season:
    """A board of track kjv on a class that grants records, its hosts played by the test."""

    def __init__(self, client: TestClient, database: Database, hints: FakeHints) -> None:
        self.client, self.database, self.hints = client, database, hints
        self.joules: dict[str, float] = {}
        self.claims: list[tuple[str, str]] = []
        self.noise = random.Random(4)

    def judge(self, headers: dict[str, str], most: int = 1000, factor: float = 1.0) -> int:
        """Carry out what waits; an entry's joules are its own, 0.5 % about."""
        for count in range(most):
            answer = self.client.post("/api/v1/host/claims", headers=headers)
            if answer.status_code == 204:
                return count
            claim = answer.json()
            energy = round(1e6 * factor * self.joules[claim["submission_digest"]] * self.noise.gauss(1, 0.005))
            said = report_of(claim["epoch"], loss=1.0, energy_uj=energy)
            assert self.client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).status_code == 200
            self.claims.append((claim["submission_digest"], claim["purpose"]))
        return most

    def tick(self, later: dt.timedelta = dt.timedelta(0)) -> None:
        """What the server's tasks do."""
        now = clock.now() + later
        with self.database.session() as session:
            follow_ranking(session, self.hints, rank_stale_boards(session, now), now)
        with self.database.session() as session:
            tend_duels(session, self.hints, now)

    def settle(self, headers: dict[str, str]) -> None:
        """Until nothing waits and no duel is open."""
        for _ in range(12):
            self.tick()
            if not self.judge(headers):
                self.tick()
                return
        pytest.fail("it never settles")

    def records(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.client.get("/api/v1/tracks/kjv/boards/rig/records").json()
        return answer

    def duels(self) -> list[DuelRow]:
        with self.database.session(read_only=True) as session:
            return list(session.query(DuelRow).order_by(DuelRow.id))


@pytest.fixture
def season(client: TestClient, database: Database, hints: FakeHints) -> Season:
    return Season(client, database, hints)


@pytest.fixture
def enter(season: Season, account: Make, submit: Any) -> Callable[..., str]:
    """Submit an entry of so many joules; gives its digest."""

    def put(name: str, joules: float, code: str | None = None) -> str:
        bundle = bundle_of(track="kjv", name=name, **{"entry.py": code or source(len(season.joules))})
        digest: str = submit(account(f"by {name}"), bundle)["id"]
        season.joules[digest] = joules
        return digest

    return put


def test_a_record_is_won_by_fresh_runs_in_turns_on_one_host(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    first = enter("first", 10.0)
    enter("slow", 20.0)
    season.settle(rig)
    assert [(each["submission"], each["state"], each["ratio"]) for each in season.records()] == [(first, "provisional", None)]
    better = enter("better", 9.0)
    season.judge(rig)
    season.tick()
    season.claims.clear()
    season.judge(rig)
    fought = [digest for digest, purpose in season.claims if purpose == "duel"]
    assert len(fought) == 2 * season.duels()[-1].runs_each
    assert all(set(fought[turn : turn + 2]) == {first, better} for turn in range(0, len(fought), 2))
    season.settle(rig)
    last = season.records()[-1]
    assert (last["submission"], last["state"]) == (better, "provisional")
    assert last["ratio"] == pytest.approx(0.9, abs=0.02)
    assert last["p"] < last["alpha"]
    page = season.client.get("/tracks/kjv/records?board=rig").text
    assert "Record over time" in page
    assert "provisional" in page


def test_runs_of_a_duel_do_not_count_for_the_entry_and_have_instances_of_their_own(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    digest = enter("first", 10.0)
    enter("slow", 20.0)
    season.settle(rig)
    view = season.client.get(f"/api/v1/submissions/{digest}").json()
    assert view["entries"][0]["runs_done"] == 3
    keys = {season.client.get(f"/api/v1/runs/{run['id']}").json()["instance_key"] for run in view["runs"]}
    assert len(keys) == len(view["runs"]) > 3


def test_a_challenger_that_only_looked_better_loses_and_may_not_try_this_holder_again(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    first = enter("first", 10.0)
    enter("slow", 20.0)
    season.settle(rig)
    lucky = enter("lucky", 9.0)
    season.judge(rig)
    season.joules[lucky] = 10.0
    season.settle(rig)
    assert season.duels()[-1].state == "LOST"
    season.settle(rig)
    assert [each["submission"] for each in season.records()] == [first]
    assert len([each for each in season.duels() if each.incumbent_id]) == 1


def test_variants_of_one_source_spend_one_alpha(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    enter("first", 10.0)
    enter("slow", 20.0)
    season.settle(rig)
    for number in range(3):
        variant = enter(f"variant {number}", 9.0, source(99) + f"# {number}\n")
        season.judge(rig)
        season.joules[variant] = 10.0
        season.settle(rig)
    alphas = [each.alpha for each in season.duels() if each.incumbent_id]
    assert alphas == pytest.approx([0.004, 0.002, 0.001])


def test_a_noisy_boundary_and_a_tutorial_grant_no_records(season: Season, enter: Any, host: Any, submit: Any, account: Make) -> None:
    noisy, tutorial = host("noisy", "rig"), host("calm", "calm", "node-cpu")
    digests = [enter("first", 10.0), enter("slow", 20.0)]
    season.joules[submit(account("Paula"), bundle_of(track="parity"))["id"]] = 2.0
    for headers in (noisy, tutorial):
        season.settle(headers)
    assert digests
    assert [each for each in season.duels() if each.board_id != calm_board(season)] == []
    assert season.records() == []
    assert "too noisy" in season.client.get("/tracks/kjv/records?board=rig").text
    assert "tutorial" in season.client.get("/tracks/parity/records?board=calm").text


def calm_board(season: Season) -> int:
    from server.tracks import service as tracks

    with season.database.session(read_only=True) as session:
        return tracks.find_board(session, "kjv", "calm").id


def test_a_record_is_confirmed_after_the_comment_period_and_its_source_opens(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    first, slow = enter("first", 10.0), enter("slow", 20.0)
    season.settle(rig)
    season.tick(COMMENT_PERIOD - dt.timedelta(minutes=1))
    assert season.records()[0]["state"] == "provisional"
    assert "def train" not in season.client.get(f"/submissions/{first}").text
    season.tick(COMMENT_PERIOD + dt.timedelta(minutes=1))
    assert season.records()[0]["state"] == "confirmed"
    assert "def train" in season.client.get(f"/submissions/{first}").text
    assert "def train" not in season.client.get(f"/submissions/{slow}").text


def test_a_revoked_record_says_why_and_the_one_before_stands_again(season: Season, enter: Any, host: Any) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    enter("first", 10.0)
    enter("slow", 20.0)
    season.settle(rig)
    enter("better", 9.0)
    season.settle(rig)
    with season.database.session() as session:
        record = session.query(RecordRow).order_by(RecordRow.id.desc()).first()
        assert record is not None
        session.get_one(EntryRow, record.entry_id).hold_reason = "under review"
        service.revoke(session, record.id, "it read the meter's clock", clock.now())
    assert [each["state"] for each in season.records()] == ["provisional", "revoked"]
    assert "it read the meter&#39;s clock" in season.client.get("/tracks/kjv/records?board=rig").text


def test_a_duel_whose_host_retires_is_cancelled_with_a_reason_and_fought_on_another(
    season: Season, enter: Any, host: Any, sql: Any
) -> None:
    rig = host("rig-1", "rig", "node-cpu")
    enter("first", 10.0)
    enter("slow", 20.0)
    season.judge(rig)
    season.tick()
    assert season.duels()[0].state == "QUEUED"
    sql("update hosts set revoked_at = '2026-01-01'")
    season.tick()
    said = "host rig-1, on which all its runs were due, has left service; the challenger may try again on another"
    assert (season.duels()[0].state, season.duels()[0].reason) == ("CANCELLED", said)
    with season.database.session(read_only=True) as session:
        assert {run.state for run in session.query(RunRow).filter_by(duel_id=season.duels()[0].id)} == {"VOID"}
    other = host("rig-2", "rig", "node-cpu")
    season.judge(other)
    season.settle(other)
    assert season.records()[0]["name"] == "first"


def test_the_first_are_verified_on_a_second_host_and_a_disagreement_disputes_them(season: Season, enter: Any, host: Any) -> None:
    one = host("rig-1", "rig", "node-cpu")
    digest = enter("first", 10.0)
    season.judge(one)
    two = host("rig-2", "rig", "node-cpu")
    season.judge(two)
    season.tick()
    assert season.judge(one) == 0  # pinned to the other
    season.judge(two, factor=1.5)
    season.tick()
    entry = season.client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
    assert entry["status"] == "DISPUTED"
    assert "verification disagrees, rig-1 against rig-2" in entry["reason"]
    both_sides_are_marked(season, digest)
    with season.database.session() as session:
        restore(session, session.query(EntryRow).one().id)
    season.tick()
    view = season.client.get(f"/api/v1/submissions/{digest}").json()
    assert view["entries"][0]["status"] == "QUALIFIED"
    assert not any(run["disputed"] or season.client.get(f"/api/v1/runs/{run['id']}").json()["flag"] for run in view["runs"])


def both_sides_are_marked(season: Season, digest: str) -> None:
    """The runs of both hosts, each with a link to one of the other's."""
    purposes = {}
    for run in season.client.get(f"/api/v1/submissions/{digest}").json()["runs"]:
        view = season.client.get(f"/api/v1/runs/{run['id']}").json()
        purposes[view["id"]] = view["purpose"]
        assert run["disputed"]
        assert "rig-1 against rig-2" in view["flag"]
        assert f'<a href="/runs/{view["disputed_by"]}">' in season.client.get(f"/runs/{run['id']}").text
    for run_id, purpose in purposes.items():
        other = season.client.get(f"/api/v1/runs/{run_id}").json()["disputed_by"]
        assert {purpose, purposes[other]} == {"listing", "verification"}
    decided = season.client.get(f"/api/v1/submissions/{digest}/decisions").json()[-1]
    assert (decided["act"], decided["by"], purposes[decided["run"]]) == ("disputed", "the platform", "verification")


def test_anybody_may_replicate_what_is_listed_from_their_own_quota(season: Season, enter: Any, host: Any, account: Make) -> None:
    rig, bob = host("rig-1", "rig"), account("Bob")
    digest = enter("first", 10.0)
    path = f"/api/v1/submissions/{digest}/replications"
    early = season.client.post(path, json={"host_class": "rig"}, headers=bob.headers)
    assert (early.status_code, "provisional" in early.json()["error"]["message"]) == (409, True)
    season.judge(rig)
    assert season.client.post(path, json={"host_class": "rig"}, headers=bob.headers).status_code == 201
    assert season.client.get("/api/v1/me", headers=bob.headers).json()["runs_left_today"] == 297
    again = season.client.post(path, json={"host_class": "rig"}, headers=bob.headers)
    assert (again.status_code, "under way" in again.json()["error"]["message"]) == (409, True)
    season.judge(rig)
    season.tick()
    assert season.client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]["status"] == "QUALIFIED"
    assert (
        season.client.post(f"/api/v1/submissions/{'0' * 64}/replications", json={"host_class": "rig"}, headers=bob.headers).status_code
        == 404
    )
