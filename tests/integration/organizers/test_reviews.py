"""What organizers decide is public, reasoned and logged; participants appeal and withdraw."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import audit, clock
from server.db.session import Database
from server.domain.errors import Conflict, ParticipantError
from server.domain.participant import Participant
from server.domain.reviews import Act, Stand, check_act, check_appeal
from server.domain.scoring import Status
from server.organizers import service
from server.participants import service as participants
from tests.conftest import Account, bundle_of
from tests.fakes.hints import FakeHints

WHY = "run 2 read the held-out labels"


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Decisions don't depend on the database's kind: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


class Court:
    """Alice's judged entry, Bob, and Olga who organizes."""

    def __init__(self, client: TestClient, database: Database, hints: FakeHints, people: dict[str, Account], digest: str) -> None:
        self.client, self.database, self.hints, self.people, self.digest = client, database, hints, people, digest

    def who(self, name: str) -> Participant:
        with self.database.session(read_only=True) as session:
            return participants.by_token(session, self.people[name].headers["authorization"].split()[1], clock.now())[0]

    def act(self, act: Act, reason: str = WHY, digest: str | None = None) -> None:
        with self.database.session() as session:
            service.act_on(session, self.hints, self.who("Olga"), act, digest or self.digest, "test", reason, clock.now())

    def reply(self, uphold: bool) -> None:
        with self.database.session() as session:
            service.reply(session, self.who("Olga"), self.digest, "test", uphold, "we looked at run 2 again", clock.now())

    def appeal(self, name: str = "Alice") -> Any:
        sent = {"host_class": "test", "text": "the labels were never in the box"}
        return self.client.post(f"/api/v1/submissions/{self.digest}/appeals", json=sent, headers=self.people[name].headers)

    def withdraw(self, name: str = "Alice") -> Any:
        return self.client.post(f"/api/v1/submissions/{self.digest}/withdrawal", json={}, headers=self.people[name].headers)

    def entry(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/submissions/{self.digest}").json()["entries"][0]
        return found

    def acts(self) -> list[str]:
        return [each["act"] for each in self.client.get(f"/api/v1/submissions/{self.digest}/decisions").json()]


@pytest.fixture
def court(
    client: TestClient, database: Database, hints: FakeHints, account: Callable[..., Account], host: Any, submit: Any, judge: Any
) -> Court:
    headers = host()
    people = {"Alice": account("Alice"), "Bob": account("Bob"), "Olga": account("Olga", "organizer")}
    digest = submit(people["Alice"])["id"]
    judge(headers)
    return Court(client, database, hints, people, digest)


def test_disqualification_is_out_of_the_ranking_public_and_in_the_chain(court: Court, judge: Any) -> None:
    assert court.entry()["status"] == "QUALIFIED"
    court.act(Act.DISQUALIFY)
    judge({}, 0)
    assert (court.entry()["status"], court.entry()["rank"], court.entry()["reason"]) == ("DISQUALIFIED", None, WHY)
    page = court.client.get(f"/submissions/{court.digest}").text
    assert page.count(WHY) >= 2
    assert "by Olga" in page
    with court.database.session(read_only=True) as session:
        assert audit.verify(session).acts
        assert any(row.act == "entry_disqualify" and WHY in row.detail for row in audit.acts(session))


def test_upheld_appeal_restores_the_entry_and_another_finds_nothing_to_object_to(court: Court, judge: Any) -> None:
    court.act(Act.DISQUALIFY)
    assert court.appeal("Bob").status_code == 403
    assert court.appeal().status_code == 201
    assert court.appeal().json()["error"]["message"] == "an appeal for this entry is open already"
    court.reply(uphold=True)
    judge({}, 0)
    assert (court.entry()["status"], court.entry()["rank"]) == ("QUALIFIED", 1)
    again = court.appeal()
    assert (again.status_code, again.json()["error"]["message"]) == (409, "nothing stands against the entry: it is qualified")
    assert court.acts() == ["disqualify", "appeal", "uphold_appeal"]


def test_rejected_appeal_leaves_it_as_it_was(court: Court) -> None:
    court.act(Act.DISQUALIFY)
    court.appeal()
    court.reply(uphold=False)
    assert court.entry()["status"] == "DISQUALIFIED"
    assert "we looked at run 2 again" in court.client.get(f"/submissions/{court.digest}").text


def test_a_re_run_takes_fresh_instances_and_the_old_runs_count_no_more(court: Court, client: TestClient) -> None:
    before = client.get(f"/api/v1/submissions/{court.digest}").json()["runs"]
    court.act(Act.RERUN)
    after = client.get(f"/api/v1/submissions/{court.digest}").json()["runs"]
    fresh = [run for run in after if run["state"] == "QUEUED"]
    assert len(fresh) == len(before)
    assert {run["index"] for run in fresh}.isdisjoint({run["index"] for run in before})
    assert (court.entry()["status"], court.entry()["runs_done"]) == ("PROVISIONAL", 0)
    with pytest.raises(Conflict, match="still under way"):
        court.act(Act.RERUN)


def test_figures_computed_anew_by_the_same_rules_are_the_same(court: Court) -> None:
    before = court.entry()
    court.act(Act.RECOMPUTE)
    assert court.entry() == before


def test_withdrawn_is_off_the_board_and_cannot_be_run_again(court: Court, judge: Any) -> None:
    assert court.withdraw("Bob").status_code == 403
    assert court.withdraw().json() == {"entries": 1}
    judge({}, 0)
    assert (court.entry()["status"], court.entry()["rank"]) == ("WITHDRAWN", None)
    with pytest.raises(Conflict, match="withdrawn by its participant: rerun is not possible") as refused:
        court.act(Act.RERUN)
    assert "deleted" in refused.value.hint
    assert court.withdraw().json()["error"]["message"] == "the submission was withdrawn already"


def test_waiting_runs_of_a_withdrawn_submission_are_refunded(court: Court, submit: Any) -> None:
    left = court.client.get("/api/v1/me", headers=court.people["Bob"].headers).json()["runs_left_today"]
    court.digest = submit(court.people["Bob"], bundle_of(name="bobs"))["id"]
    assert court.client.get("/api/v1/me", headers=court.people["Bob"].headers).json()["runs_left_today"] < left
    court.withdraw("Bob")
    assert court.client.get("/api/v1/me", headers=court.people["Bob"].headers).json()["runs_left_today"] == left


@pytest.mark.parametrize("reason", ["", "short", "x" * 1001, "a reason with \x00 in it"])
def test_no_act_without_a_public_reason(court: Court, reason: str) -> None:
    with pytest.raises(ParticipantError, match="10 to 1000 printable"):
        court.act(Act.DISQUALIFY, reason)
    assert court.acts() == []


def test_unknown_submission_says_what_is_missing(court: Court) -> None:
    with pytest.raises(ParticipantError, match="there is no submission"):
        court.act(Act.RERUN, digest="0" * 64)


LIVE = {Status.PROVISIONAL, Status.QUALIFIED, Status.ABOVE_TARGET}
ALLOWED = {
    Act.FLAG: LIVE | {Status.DISPUTED, Status.DISQUALIFIED},
    Act.HOLD: LIVE | {Status.DISPUTED},
    Act.RELEASE: set(),
    Act.RERUN: LIVE | {Status.DISPUTED},
    Act.RECOMPUTE: LIVE | {Status.DISPUTED},
    Act.REPEAT: LIVE | {Status.DISPUTED, Status.DISQUALIFIED},
    Act.ADOPT: LIVE | {Status.DISPUTED},
    Act.DISQUALIFY: LIVE | {Status.DISPUTED},
    Act.RESTORE: {Status.DISPUTED, Status.DISQUALIFIED},
}


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("status", Status)
def test_every_act_in_every_status(act: Act, status: Status) -> None:
    if status in ALLOWED[act]:
        check_act(act, Stand(status))
        return
    with pytest.raises(Conflict) as refused:
        check_act(act, Stand(status))
    assert refused.value.hint


@pytest.mark.parametrize("status", Status)
def test_only_what_stands_against_an_entry_is_appealed(status: Status) -> None:
    if status in (Status.DISPUTED, Status.DISQUALIFIED):
        check_appeal(Stand(status), open_already=False)
    else:
        with pytest.raises(Conflict, match="nothing stands against"):
            check_appeal(Stand(status), open_already=False)
    check_appeal(Stand(status, held=True), open_already=False)
