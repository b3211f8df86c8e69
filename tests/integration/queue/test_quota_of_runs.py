"""What runs cost whoever ordered them, through the front door: debits, bills, refunds, and who isn't charged."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.domain.errors import QuotaExceeded
from server.domain.participant import Participant
from server.runs import judging, remedies
from server.settings import Settings
from server.submissions import service
from tests.conftest import Account, bundle_of
from tests.fakes.hints import FakeHints

Sql = Callable[[str], Any]


@dataclass
class Shop:
    """A platform with one host, and Alice at its door."""

    client: TestClient
    database: Database
    hints: FakeHints
    alice: Account
    rig: dict[str, str]

    def quota(self) -> tuple[int, float]:
        """Alice's runs and joules of the day."""
        said = self.client.get("/api/v1/me", headers=self.alice.headers).json()["quota"]
        return said["runs_used"], said["joules_used"]

    def submit(self, name: str = "an entry") -> dict[str, Any]:
        answer = self.client.put("/api/v1/submissions", content=bundle_of(name=name).to_zip(), headers=self.alice.headers)
        assert answer.status_code == 201, answer.text
        view: dict[str, Any] = answer.json()
        return view

    def claim(self) -> dict[str, Any]:
        answer = self.client.post("/api/v1/host/claims", headers=self.rig)
        assert answer.status_code == 200, answer.text
        claim: dict[str, Any] = answer.json()
        return claim

    def say(self, claim: dict[str, Any], what: str, **content: Any) -> None:
        path = f"/api/v1/host/attempts/{claim['attempt_id']}/{what}"
        answer = self.client.post(path, json={"epoch": claim["epoch"]} | content, headers=self.rig)
        assert answer.status_code == 200, answer.text

    def withdraw(self, digest: str) -> None:
        answer = self.client.post(f"/api/v1/submissions/{digest}/withdrawal", json={}, headers=self.alice.headers)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def shop(client: TestClient, database: Database, hints: FakeHints, account: Callable[..., Account], host: Any) -> Shop:
    return Shop(client, database, hints, account("Alice"), host())


def test_runs_are_debited_when_ordered_and_joules_once_known(shop: Shop, judge: Any, sql: Sql) -> None:
    shop.submit()
    assert shop.quota() == (3, 0)
    judge(shop.rig, energy_uj=2_500_000)
    assert shop.quota() == (3, 7.5)
    assert [tuple(row) for row in sql("select kind, count(*), sum(energy_uj) from quota_ledger group by kind order by kind")] == [
        ("bill", 3, 7_500_000),
        ("debit", 3, 0),
    ]


def test_a_bundle_that_is_known_or_refused_costs_nothing(shop: Shop) -> None:
    shop.submit()
    assert shop.client.put("/api/v1/submissions", content=bundle_of().to_zip(), headers=shop.alice.headers).status_code == 200
    assert shop.client.put("/api/v1/submissions", content=b"no zip", headers=shop.alice.headers).status_code == 422
    assert shop.quota() == (3, 0)


def test_a_done_run_that_turns_out_void_gives_back_runs_and_joules(shop: Shop, judge: Any, sql: Sql) -> None:
    shop.submit()
    run_id = judge(shop.rig, energy_uj=2_000_000)[0]
    with shop.database.session() as session:
        remedies.void(session, run_id, "the fan had failed", clock.now())
    assert shop.quota() == (2, 4.0)
    with shop.database.session() as session:
        fresh = remedies.replace(session, shop.hints, run_id, clock.now())
    assert judge(shop.rig, energy_uj=2_000_000) == [fresh]
    assert shop.quota() == (2, 4.0), "the replacement is nobody's cost"
    assert sql("select count(*) from quota_ledger where kind in ('refund', 'unbill')")[0][0] == 2


def test_a_run_that_failed_by_our_fault_three_times_is_refunded_once(shop: Shop) -> None:
    shop.submit()
    for left in (3, 3, 2):
        shop.say(shop.claim(), "fault", cause="meter_fault", detail="silent")
        assert shop.quota() == (left, 0)


def test_a_run_that_nobody_took_within_its_deadline_is_refunded(shop: Shop) -> None:
    shop.submit()
    with shop.database.session() as session:
        for _ in range(2):
            judging.sweep(session, shop.hints, clock.now() + dt.timedelta(days=8))
    assert shop.quota() == (0, 0)


def test_withdrawn_before_they_began_runs_are_refunded_and_one_under_way_is_not(shop: Shop) -> None:
    digest = shop.submit()["id"]
    shop.say(shop.claim(), "heartbeat", phase="train", energy_uj=1_250_000)
    shop.withdraw(digest)
    assert shop.quota() == (1, 1.25)


def test_runs_that_organizers_order_anew_cost_nobody(shop: Shop, judge: Any) -> None:
    shop.submit()
    judge(shop.rig, energy_uj=1_500_000)
    with shop.database.session() as session:
        remedies.run_anew(session, shop.hints, 1, 3, clock.now())
    assert shop.quota() == (3, 4.5)
    judge(shop.rig, energy_uj=9_000_000)
    assert shop.quota() == (3, 4.5)


def limited(client: TestClient, settings: Settings, **limits: Any) -> None:
    client.app.state.settings = settings.model_copy(update=limits)  # type: ignore[attr-defined]


def test_when_runs_are_spent_the_answer_says_until_when(shop: Shop, settings: Settings, sql: Sql) -> None:
    limited(shop.client, settings, quota_runs_per_day=5)
    shop.submit()
    answer = shop.client.put("/api/v1/submissions", content=bundle_of(name="second").to_zip(), headers=shop.alice.headers)
    error = answer.json()["error"]
    assert answer.status_code == 429
    assert error["message"] == "this needs 3 runs; you have used 3 of 5 within 24 hours"
    assert error["details"]["next_allowed_at"][:19].replace("T", " ") in error["hint"]
    assert 86_300 < int(answer.headers["retry-after"]) <= 86_401
    told = dt.datetime.fromisoformat(error["details"]["next_allowed_at"])
    assert dt.timedelta(hours=23) < told - clock.now() <= dt.timedelta(hours=24, seconds=1)
    me = shop.client.get("/api/v1/me", headers=shop.alice.headers).json()
    assert (me["runs_left_today"], me["quota"]["next_allowed_at"]) == (2, None)


def test_when_joules_are_spent_nothing_more_is_taken_until_the_day_is_over(shop: Shop, settings: Settings, judge: Any, sql: Sql) -> None:
    limited(shop.client, settings, quota_joules_per_day=7.0)
    shop.submit()
    judge(shop.rig, energy_uj=2_500_000)
    answer = shop.client.put("/api/v1/submissions", content=bundle_of(name="second").to_zip(), headers=shop.alice.headers)
    assert answer.status_code == 429
    assert answer.json()["error"]["message"] == "this needs 3 runs; you have used 7.5 J of 7 J within 24 hours"
    assert answer.json()["error"]["details"]["what"] == "joules"
    me = shop.client.get("/api/v1/me", headers=shop.alice.headers).json()
    assert me["runs_left_today"] == 0
    assert me["quota"]["next_allowed_at"] is not None
    yesterday = (clock.now() - dt.timedelta(hours=25)).isoformat(" ")
    sql(f"update quota_ledger set at = '{yesterday}'")
    shop.submit("third")


def test_a_quota_smaller_than_the_order_says_that_it_never_fits(shop: Shop, settings: Settings) -> None:
    limited(shop.client, settings, quota_runs_per_day=2)
    answer = shop.client.put("/api/v1/submissions", content=bundle_of().to_zip(), headers=shop.alice.headers)
    assert (answer.status_code, answer.json()["error"]["hint"]) == (429, "submit on a track with fewer runs")
    assert "retry-after" not in answer.headers


DIFFERENT = [f"def train(data, *, seed):\n    return {' + '.join(['seed'] * (3 * number + 4))} * b'x'\n" for number in range(6)]


def at_once(client: TestClient, orders: list[tuple[Participant, bytes]]) -> list[bool]:
    """Everybody's upload at the same time; who was taken."""

    def order(each: tuple[Participant, bytes]) -> bool:
        try:
            return service.take(client.app.state, *each)[1]  # type: ignore[attr-defined]
        except QuotaExceeded:
            return False

    with ThreadPoolExecutor(len(orders)) as crowd:
        return list(crowd.map(order, orders))


def person(sql: Sql, name: str) -> Participant:
    return Participant(sql(f"select id from participants where name = '{name}'")[0][0], name, "participant")


def test_uploads_at_once_do_not_pass_the_limit(shop: Shop, settings: Settings, sql: Sql) -> None:
    limited(shop.client, settings, quota_runs_per_day=7)
    alice = person(sql, "Alice")
    bundles = [bundle_of(name=f"at once {number}", **{"entry.py": source}) for number, source in enumerate(DIFFERENT)]
    assert sum(at_once(shop.client, [(alice, bundle.to_zip()) for bundle in bundles])) == 2
    assert shop.quota() == (6, 0)


def test_kin_uploaded_at_once_by_many_share_their_lineage_and_its_quota(
    shop: Shop, account: Callable[..., Account], settings: Settings, sql: Sql
) -> None:
    limited(shop.client, settings, lineage_runs_per_day=4)
    names = [account(f"clone {number}").name for number in range(4)]
    orders = [(person(sql, name), bundle_of(name=name).to_zip()) for name in names]
    assert sum(at_once(shop.client, orders)) == 1
    assert sql("select count(*) from lineages")[0][0] == 1


def test_the_database_itself_refuses_a_second_refund(shop: Shop, sql: Sql) -> None:
    run_id = shop.submit()["runs"][0]["id"]
    line = "insert into quota_ledger (participant_id, run_id, kind, runs, energy_uj, at, written_at)"
    once = f"{line} select participant_id, run_id, 'refund', -1, 0, at, written_at from quota_ledger where run_id = '{run_id}'"
    sql(f"{once} and kind = 'debit'")
    with pytest.raises(Exception, match=r"(?i)unique"):
        sql(f"{once} and kind = 'debit'")
    with pytest.raises(Exception, match=r"(?i)check"):
        sql(f"update quota_ledger set runs = -2 where run_id = '{run_id}' and kind = 'refund'")
