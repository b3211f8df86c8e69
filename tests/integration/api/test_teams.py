"""Teams through the front door: founded, joined, left, and what is refused with a sentence."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server import audit
from server.db.session import Database
from server.domain.teams import MOST_MEMBERS
from server.settings import Settings
from tests.conftest import Account, bundle_of

Make = Callable[..., Account]


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """What is refused doesn't depend on the database; test_joining_at_once.py has what does."""
    return f"sqlite:///{tmp_path / 'test.db'}"


class Club:
    """Short words for what people do with teams; each answers (status, body)."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def call(self, who: Account, method: str, path: str, **content: Any) -> tuple[int, Any]:
        answer = self.client.request(method, f"/api/v1/teams{path}", headers=who.headers, **({"json": content} if content else {}))
        return answer.status_code, answer.json() if answer.content else None

    def found(self, who: Account, name: str = "Walshers") -> int:
        status, team = self.call(who, "POST", "", name=name)
        assert status == 201, team
        return int(team["id"])

    def code(self, who: Account, team_id: int) -> str:
        status, said = self.call(who, "POST", f"/{team_id}/invitations")
        assert status == 201, said
        return str(said["code"])

    def join(self, who: Account, code: str) -> tuple[int, str]:
        status, said = self.call(who, "POST", "/memberships", code=code)
        return status, said["name"] if status == 201 else f"{said['error']['message']}; {said['error']['hint']}"

    def names(self, team_id: int) -> list[str]:
        return [each["name"] for each in self.client.get(f"/api/v1/teams/{team_id}").json()["members"]]

    def id_of(self, team_id: int, name: str) -> int:
        members = self.client.get(f"/api/v1/teams/{team_id}").json()["members"]
        return int(next(each["id"] for each in members if each["name"] == name))


@pytest.fixture
def club(client: TestClient) -> Club:
    return Club(client)


def test_members_join_by_invitation_leave_and_pass_the_lead_on(club: Club, account: Make, database: Database, sql: Any) -> None:
    alice, bob, carol = account("Alice"), account("Bob"), account("Carol")
    team = club.found(alice)
    for each in (bob, carol):
        assert club.join(each, club.code(alice, team)) == (201, "Walshers")
    assert club.names(team) == ["Alice", "Bob", "Carol"]
    assert club.call(alice, "DELETE", f"/{team}/members/{club.id_of(team, 'Alice')}")[0] == 204
    assert club.call(bob, "DELETE", f"/{team}/members/{club.id_of(team, 'Carol')}")[0] == 204, "Bob leads now"
    bob_id = club.id_of(team, "Bob")
    status, said = club.call(bob, "DELETE", f"/{team}/members/{bob_id}")
    assert (status, "you are the last member" in said["error"]["message"]) == (409, True)
    assert club.call(bob, "DELETE", f"/{team}/members/{bob_id}?dissolve=true")[0] == 204
    assert club.names(team) == []
    assert "dissolved" in club.client.get(f"/teams/{team}").text
    acts = [row[0] for row in sql("select act from audit where act like 'team%' order by seq")]
    assert acts == [
        "team_founded",
        *["team_invitation_made", "team_joined"] * 2,
        "team_left",
        "team_member_removed",
        "team_dissolved",
    ]
    with database.session(read_only=True) as session:
        audit.verify(session)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("Alice", 409, "the name 'Alice' is taken"),
        ("aLICE", 409, "is taken"),
        ("Ａlice", 409, "is taken"),  # full width: NFKC makes it the same
        ("x", 422, "2 to 40 are allowed"),
        ("y" * 41, 422, "2 to 40 are allowed"),
        ("bad\x00name", 422, "invisible character U+0000"),
        ("bad\u202ename", 422, "invisible character U+202E"),
        ("bad\u200bname", 422, "invisible character U+200B"),
    ],
)
def test_a_name_that_is_taken_or_cannot_be_seen_is_refused(club: Club, account: Make, name: str, status: int, said: str) -> None:
    account("Alice")
    got, body = club.call(account("Bob"), "POST", "", name=name)
    assert (got, said in body["error"]["message"]) == (status, True), body
    assert body["error"]["hint"]


def test_a_code_lets_one_person_in_once_and_nobody_else(club: Club, account: Make, sql: Any) -> None:
    alice, bob, carol = account("Alice"), account("Bob"), account("Carol")
    team = club.found(alice)
    code = club.code(alice, team)
    assert sql("select count(*) from team_invitations where secret_hash like '%mj_%'")[0][0] == 0, "the hash alone is kept"
    forged = code[:-4] + ("aaaa" if not code.endswith("aaaa") else "bbbb")
    for wrong in (forged, "mj_team_x_y", "", code.replace("team", "cli"), "x" * 200):
        status, said = club.join(bob, wrong)
        assert (status, "this invitation is unknown" in said) == (404, True), wrong
    assert club.join(bob, f" {code}\n") == (201, "Walshers")
    assert club.join(carol, code)[0] == 410
    second = club.join(bob, club.code(alice, team))
    assert second == (409, "you are in team Walshers: a person is in one team at a time; leave it first, on its page")


def test_expired_and_revoked_invitations_say_so(club: Club, account: Make, sql: Any) -> None:
    alice, bob = account("Alice"), account("Bob")
    team = club.found(alice)
    code = club.code(alice, team)
    invitation = code.split("_")[2]
    assert club.call(bob, "DELETE", f"/{team}/invitations/{invitation}")[0] == 403
    assert club.call(alice, "DELETE", f"/{team}/invitations/{'0' * 12}")[0] == 404
    assert club.call(alice, "DELETE", f"/{team}/invitations/{invitation}")[0] == 204
    assert "was revoked on" in club.join(bob, code)[1]
    late = club.code(alice, team)
    sql(f"update team_invitations set expires_at = '2026-01-01 00:00:00' where id = '{late.split('_')[2]}'")
    assert "expired on 2026-01-01" in club.join(bob, late)[1]


def test_whoever_leaves_takes_their_invitations_along(club: Club, account: Make) -> None:
    alice, bob = account("Alice"), account("Bob")
    team = club.found(alice)
    club.join(bob, club.code(alice, team))
    kept = club.code(bob, team)
    assert club.call(alice, "DELETE", f"/{team}/members/{club.id_of(team, 'Bob')}")[0] == 204
    assert "was revoked" in club.join(bob, kept)[1]


def test_a_full_team_takes_nobody(club: Club, account: Make, sql: Any) -> None:
    alice, bob = account("Alice"), account("Bob")
    team = club.found(alice)
    code = club.code(alice, team)
    for number in range(MOST_MEMBERS - 1):
        row = f"values ('m{number}', 'm{number}', '', 'participant', 0, '2026-01-01')"
        sql(f"insert into participants (name, name_key, password_hash, role, is_team, created_at) {row}")
        sql(f"insert into memberships select {team}, id, '2026-12-01' from participants where name = 'm{number}'")
    assert "is full: it has 8 members of at most 8" in club.join(bob, code)[1]
    assert club.call(alice, "POST", f"/{team}/invitations")[0] == 409


def test_a_team_cannot_sign_in_and_its_name_is_no_persons(club: Club, account: Make) -> None:
    club.found(account("Alice"))
    for password in ("a team has none", "a long password", ""):
        answer = club.client.post("/api/v1/tokens", json={"name": "Walshers", "password": password})
        assert (answer.status_code, answer.json()["error"]["message"]) == (401, "the name or the password is wrong")
    form = {"name": "walshers", "password": "a long password"}
    assert club.client.post("/sign-up", data=form, headers={"sec-fetch-site": "same-origin"}).status_code == 409


def put(club: Club, who: Account, name: str, team: str = "") -> Any:
    return club.client.put("/api/v1/submissions", params={"team": team}, content=bundle_of(name=name).to_zip(), headers=who.headers)


def test_what_is_sent_in_a_teams_name_is_the_teams_on_every_page(club: Club, account: Make, host: Any, judge: Any, sql: Any) -> None:
    rig, alice, bob = host(), account("Alice"), account("Bob")
    team = club.found(alice)
    club.join(bob, club.code(alice, team))
    sent = put(club, bob, "ours", "walshers").json()
    assert (sent["participant"], sent["team"], sent["sent_by"]) == ("Walshers", team, "Bob")
    judge(rig)
    board = club.client.get("/api/v1/tracks/parity/boards/test").json()["entries"]
    assert [each["participant"] for each in board] == ["Walshers"]
    page = club.client.get(f"/submissions/{sent['id']}").text
    assert f'team <a href="/teams/{team}">Walshers</a>, sent by Bob' in page
    assert "ours" in club.client.get(f"/teams/{team}").text
    mine = club.client.get("/api/v1/submissions", params={"mine": True}, headers=alice.headers).json()
    assert [each["id"] for each in mine] == [sent["id"]], "a member's list has what the team sent"
    assert sql("select count(*) from audit where act = 'team_submission_sent'")[0][0] == 1
    refused = put(club, account("Carol"), "forged", "Walshers")
    assert (refused.status_code, "aren't a member of a team 'Walshers'" in refused.json()["error"]["message"]) == (403, True)


def test_membership_multiplies_no_quota(club: Club, account: Make, host: Any, settings: Settings) -> None:
    host()
    club.client.app.state.settings = settings.model_copy(update={"quota_runs_per_day": 7})  # type: ignore[attr-defined]
    alice, bob = account("Alice"), account("Bob")
    team = club.found(alice)
    club.join(bob, club.code(alice, team))
    assert [put(club, alice, name, name_of).status_code for name, name_of in (("1", "Walshers"), ("2", ""))] == [201, 201]
    for name_of in ("", "Walshers"):
        assert "you have used 6 of 7" in put(club, alice, "3", name_of).json()["error"]["message"]
    assert put(club, bob, "4", "Walshers").status_code == 201
    assert "your team has used 6 of 7" in put(club, bob, "5", "Walshers").json()["error"]["message"]
    assert put(club, bob, "6").status_code == 201, "his own has room"
    me = club.client.get("/api/v1/me", headers=bob.headers).json()
    assert (me["quota"]["runs_used"], me["team"]["quota"]["runs_used"]) == (6, 6)
    assert club.call(alice, "DELETE", f"/{team}/members/{club.id_of(team, 'Alice')}")[0] == 204
    club.found(alice, "Fresh start")
    assert "you have used 6 of 7" in put(club, alice, "7", "Fresh start").json()["error"]["message"]
