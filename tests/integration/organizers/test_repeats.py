"""A run repeated on its own draw: evidence that counts only once organizers adopt it; and runs as evidence of decisions."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account, bundle_of

WHY = "the scorer's host had a failing disk"


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Decisions don't depend on the database's kind: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


class Bench:
    """Alice's judged entry, a host, and Olga who organizes, by API."""

    def __init__(self, client: TestClient, people: dict[str, Account], rig: dict[str, str], judge: Any, view: dict[str, Any]) -> None:
        self.client, self.people, self.rig, self.judge = client, people, rig, judge
        self.digest, self.runs = view["id"], [run["id"] for run in view["runs"]]

    def decide(self, act: str, run: str = "", who: str = "Olga") -> Any:
        sent = {"host_class": "test", "act": act, "reason": WHY, "run": run}
        return self.client.post(f"/api/v1/submissions/{self.digest}/decisions", json=sent, headers=self.people[who].headers)

    def error(self, act: str, run: str = "") -> str:
        answer = self.decide(act, run)
        assert answer.status_code in (404, 409, 422), answer.text
        assert answer.json()["error"]["hint"]
        return str(answer.json()["error"]["message"])

    def repeat(self, **figures: Any) -> str:
        """Of the first run, judged with these figures; its id."""
        assert self.decide("repeat", self.runs[0]).status_code == 201
        (run,) = self.judge(self.rig, **figures)
        return str(run)

    def run(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/runs/{run}").json()
        return found

    def entry(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/submissions/{self.digest}").json()["entries"][0]
        return found


@pytest.fixture
def bench(client: TestClient, account: Callable[..., Account], host: Any, submit: Any, judge: Any) -> Bench:
    rig = host()
    people = {"Alice": account("Alice"), "Olga": account("Olga", "organizer")}
    view = submit(people["Alice"])
    judge(rig, loss=0.1)
    return Bench(client, people, rig, judge, view)


def test_a_repeat_has_the_draw_and_the_seed_of_its_run_and_counts_for_nothing(bench: Bench) -> None:
    before = bench.entry()
    again = bench.repeat(loss=0.2, energy_uj=9_000_000)
    first, second = bench.run(bench.runs[0]), bench.run(again)
    assert (second["instance_key"], second["seed"]) == (first["instance_key"], first["seed"])
    assert (second["purpose"], second["counts"], first["counts"]) == ("repeat", False, True)
    assert [each["loss"] for each in first["same_draw"]] == [0.1, 0.2] == [each["loss"] for each in second["same_draw"]]
    assert bench.entry() == before
    page = bench.client.get(f"/runs/{bench.runs[0]}").text
    assert "On the same draw" in page
    assert again in page
    assert "0.2000" in page
    assert "re-score" not in page.lower()


def test_an_adopted_repeat_counts_in_the_place_of_its_run_and_both_stay_to_be_seen(bench: Bench) -> None:
    again = bench.repeat(loss=0.2)
    assert bench.decide("adopt", again).status_code == 201
    assert (bench.run(again)["counts"], bench.run(bench.runs[0])["counts"]) == (True, False)
    assert (bench.entry()["runs_done"], bench.entry()["loss"]) == (3, pytest.approx((0.2 + 0.1 + 0.1) / 3))
    assert bench.error("adopt", again) == f"run {again} counts already: only a done repeat that doesn't count is adopted"
    assert {each["counts"] for each in bench.run(again)["same_draw"]} == {True, False}
    shown = bench.client.get(f"/api/v1/submissions/{bench.digest}/decisions").json()
    assert [(each["act"], each["run"]) for each in shown] == [("repeat", bench.runs[0]), ("adopt", again)]
    later = bench.repeat(loss=0.3)
    assert bench.decide("adopt", later).status_code == 201
    assert bench.entry()["loss"] == pytest.approx((0.3 + 0.1 + 0.1) / 3)


def test_a_re_run_supersedes_an_adopted_repeat_as_any_run(bench: Bench) -> None:
    bench.decide("adopt", bench.repeat(loss=0.2))
    assert bench.decide("rerun").status_code == 201
    bench.judge(bench.rig, loss=0.05)
    assert (bench.entry()["runs_done"], bench.entry()["loss"]) == (3, pytest.approx(0.05))


def test_what_cannot_be_repeated_or_adopted_is_refused_in_a_sentence(bench: Bench, submit: Any) -> None:
    other = submit(bench.people["Alice"], bundle_of(name="another"))["runs"][0]["id"]
    assert bench.error("repeat") == "repeat is about a run, and none was named"
    assert bench.error("repeat", "nope") == "there is no run 'nope'"
    assert "is another entry's" in bench.error("repeat", other)
    assert "is no repeat" in bench.error("adopt", bench.runs[0])
    bench.judge(bench.rig)
    bench.decide("repeat", bench.runs[0])
    assert "is being repeated already" in bench.error("repeat", bench.runs[0])
    waiting = bench.run(bench.runs[0])["same_draw"][1]["id"]
    assert "is queued: only a done repeat" in bench.error("adopt", waiting)
    assert "is a repeat itself" in bench.error("repeat", waiting)


def test_a_run_named_as_evidence_is_linked_in_public(bench: Bench) -> None:
    assert bench.decide("flag", f"http://testserver/runs/{bench.runs[1]}").status_code == 201
    assert f'<a href="/runs/{bench.runs[1]}">Run ' in bench.client.get(f"/submissions/{bench.digest}").text
    assert bench.error("hold", "0" * 22) == f"there is no run '{'0' * 22}'"
    assert bench.decide("hold", who="Alice").status_code == 403
    unknown = bench.decide("praise")
    assert (unknown.status_code, "act" in unknown.text) == (422, True)
