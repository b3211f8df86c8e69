"""The final of a closed season: fresh runs alone make its standings, and what is decided later adds a version."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from minjoule import record
from minjoule import tracks as shipped
from server import audit, clock
from server.db.rows import RunRow
from server.domain.errors import Conflict
from server.domain.reviews import Act
from server.finals.repository import ruled_since
from server.organizers import seasons, service
from server.runs import remedies
from tests.integration.season.conftest import Play

DAY = dt.timedelta(days=1)
PAGE = "/tracks/kjv/seasons/1"
API = "/api/v1/tracks/kjv/seasons/1/boards/rig"


class Final:
    """Season 1 of kjv with three entries, closed a moment ago; its final runs wait."""

    def __init__(self, play: Play, rig: dict[str, str]) -> None:
        self.play, self.rig, self.now = play, rig, clock.now()
        play.within(seasons.open_season, None, "kjv", self.now, self.now + DAY, self.now)
        self.entries = [play.enter(who, "kjv", joules) for who, joules in enumerate([10.0, 20.0, 30.0])]
        play.judge(rig)
        play.tick()
        self.closed = self.now + 2 * DAY
        self.runs: list[str] = play.within(seasons.close_season, play.hints, None, "kjv", self.closed)

    def view(self, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.play.client.get(API, params=query).raise_for_status().json()
        return answer

    def page(self, query: str = "") -> str:
        return self.play.client.get(f"{PAGE}?board=rig{query}").text

    def standings(self, **query: Any) -> list[tuple[str, int | None, str]]:
        return [(each["submission"], each["rank"], each["verdict"]) for each in self.view(**query)["standings"]]

    def judge(self, most: int = 1000) -> None:
        """Final runs go before whatever separates the board."""
        self.play.judge(self.rig, most=most)
        self.play.tick(self.closed)

    def act(self, act: Act, digest: str) -> None:
        play = self.play
        play.within(service.act_on, play.hints, play.organizer(), act, digest, "rig", "it read the meter's clock", clock.now())
        play.tick(self.closed)


@pytest.fixture
def final(play: Play, host: Any) -> Final:
    return Final(play, host("rig-1", "rig"))


def test_the_standings_are_made_of_the_final_runs_alone_once_the_last_has_ended(final: Final) -> None:
    first, second, third = final.entries
    final.play.fresh = {first: (9.0, 1.0), second: (5.0, 1.0), third: (3.0, 9.0)}
    final.judge(most=4)
    assert "Final runs in progress: 4 of 9" in final.page()
    assert (final.view()["state"], final.view()["standings"]) == ("running", [])
    missing = final.play.client.get(f"{PAGE}.csv?board=rig")
    assert (missing.status_code, "no final standings yet" in missing.text) == (404, True)
    final.judge()
    assert final.standings() == [(second, 1, "ranked"), (first, 2, "ranked"), (third, None, "missed in the final")]
    view = final.view()
    assert [each["rank_before"] for each in view["standings"]] == [2, 1, 3]
    assert view["standings"][0]["energy_j"] == pytest.approx(5.0, rel=0.02)
    assert {run for each in view["standings"] for run in each["runs"]} == set(final.runs)
    assert view["reason"] == "all 9 final runs are done"
    for run in final.runs:  # held-out data of their own
        assert final.play.client.get(f"/api/v1/runs/{run}").json()["purpose"] == "season_close"


def test_page_csv_and_json_show_the_same_and_the_track_links_to_them(final: Final) -> None:
    assert f"{PAGE}?board=rig" in final.play.client.get("/tracks/kjv?board=rig").text
    assert PAGE in final.play.client.get("/tracks/kjv/rules").text
    final.judge()
    given, page = final.view()["standings"], final.page()
    lines = list(csv.DictReader(io.StringIO(final.play.client.get(f"{PAGE}.csv?board=rig").text)))
    for name in ("submission", "rank", "energy_j", "loss", "verdict"):
        assert [line[name] for line in lines] == [str(each[name]) for each in given]
    places = [page.index(each["submission"][:16]) for each in given]
    assert places == sorted(places)


def test_who_is_disqualified_afterwards_gets_another_version_and_the_first_stays_readable(final: Final) -> None:
    final.judge()
    first, second, third = final.entries
    before = final.view()
    final.act(Act.DISQUALIFY, first)
    assert final.standings() == [(second, 1, "ranked"), (third, 2, "ranked"), (first, None, "disqualified")]
    assert final.view()["standings"][2]["reason"] == "it read the meter's clock"
    assert final.view(version=1)["standings"] == before["standings"]
    assert "no longer in force" in final.page("&version=1")
    assert "disqualify (it read the meter&#39;s clock)" in final.page()
    final.act(Act.RESTORE, first)
    assert [each.get("number") for each in final.view()["versions"]] == [1, 2, 3]
    assert final.view()["standings"] == before["standings"]
    assert final.play.client.get(API, params={"version": 9}).json()["error"]["message"].endswith("have no version 9")


def test_standings_are_never_changed_and_the_audit_log_names_their_digest(final: Final) -> None:
    final.judge()
    view = final.view()
    assert record.sha256(record.canonical({"standings": view["standings"]})) == view["sha256"]
    with final.play.database.session(read_only=True) as session:
        assert any(row.act == "final_standings" and view["sha256"] in row.detail for row in audit.acts(session))


@pytest.mark.parametrize("statement", ["update final_versions set reason = 'x'", "delete from final_versions"])
def test_the_database_refuses_to_change_standings(final: Final, sql: Any, statement: str) -> None:
    final.judge()
    with pytest.raises(DatabaseError, match="append-only"):
        sql(statement)


def test_a_void_final_run_is_replaced_on_its_instance_and_after_the_last_replacement_left_out(final: Final) -> None:
    play = final.play
    broken = final.runs[0]
    for _ in range(3):
        play.within(remedies.void, broken, "the fan had failed", final.closed)
        play.tick(final.closed)
        with play.database.session(read_only=True) as session:
            again = session.query(RunRow).filter_by(replaces_id=broken).one_or_none()
            broken = again.id if again else broken
    final.judge()
    assert final.view()["runs_done"] == 8
    assert final.view()["reason"] == (
        "every final run has ended, 8 of 9 done; the others are void, by no fault of their entrants' code: the fan had failed"
    )
    assert [rank for _, rank, _ in final.standings()] == [1, 2, 3]


def test_what_is_not_run_by_the_deadline_is_left_out_with_the_reason(final: Final) -> None:
    final.judge(most=7)  # in turns: two of each, and a third of one of them
    final.play.tick(final.closed + 7 * DAY)
    assert [each["verdict"] for each in final.view()["standings"]] == ["ranked"] * 3
    assert sorted(each["runs_done"] for each in final.view()["standings"]) == [2, 2, 3]
    assert "has passed with 7 of 9 done" in final.view()["reason"]
    assert "had to be done by" in final.page()


def test_a_withdrawn_finalist_is_not_run_again_and_holds_nobody_up(final: Final) -> None:
    first, second, third = final.entries
    answer = final.play.client.post(f"/api/v1/submissions/{first}/withdrawal", json={}, headers=final.play.people[0].headers)
    assert answer.status_code == 200
    final.judge()
    assert final.standings() == [(second, 1, "ranked"), (third, 2, "ranked"), (first, None, "withdrawn")]


def test_a_season_is_not_closed_over_runs_of_entries_that_were_sent_in_time(play: Play, host: Any) -> None:
    rig, now = host("rig-1", "rig"), clock.now()
    play.within(seasons.open_season, None, "kjv", now, now + DAY, now)
    play.enter(0, "kjv", 10.0)
    with pytest.raises(Conflict, match="1 entries that were sent in time have runs under way"):
        play.within(seasons.close_season, play.hints, None, "kjv", now + 2 * DAY)
    play.judge(rig)
    play.tick()
    assert play.within(seasons.close_season, play.hints, None, "kjv", now + 2 * DAY)


def test_a_ruling_that_moves_nobody_is_looked_at_once_and_is_no_reason_later(final: Final) -> None:
    final.judge()
    first, second, _ = final.entries
    final.act(Act.DISQUALIFY, first)
    final.act(Act.RESTORE, first)
    versions = len(final.view()["versions"])
    with final.play.database.session(read_only=True) as session:
        assert ruled_since(session) == []
    final.act(Act.DISQUALIFY, second)
    assert len(final.view()["versions"]) == versions + 1
    assert final.view()["reason"].count("disqualify") == 1


def test_rules_that_score_are_not_changed_while_final_runs_are_in_progress(final: Final) -> None:
    play, toml = final.play, shipped.shipped()["kjv"]
    old = shipped.parse_track(toml)
    version = f"rules_version = {old.rules_version}"
    changed = toml.replace("target_loss = 1.63", "target_loss = 1.5").replace(version, f"rules_version = {old.rules_version + 1}")
    play.within(seasons.open_season, None, "kjv", final.closed, final.closed + DAY, final.closed)
    with pytest.raises(Conflict, match="in progress, 0 of 9: a change of target_loss would alter them"):
        play.within(seasons.change_rules, play.hints, None, changed, "a harder target now", final.closed)
    final.judge()
    assert play.within(seasons.change_rules, play.hints, None, changed, "a harder target now", final.closed).altered == ["target_loss"]
    assert final.view()["target_loss"] == 1.63


def test_a_season_says_where_it_stands(play: Play, host: Any) -> None:
    host("rig-1", "rig")
    answer = play.client.get(API)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "track kjv has no season 1")
    now = clock.now()
    play.within(seasons.open_season, None, "kjv", now - 2 * DAY, now + DAY, now)
    assert "It takes submissions until" in play.client.get(f"{PAGE}?board=rig").text
    play.within(seasons.close_season, play.hints, None, "kjv", now + 2 * DAY)
    play.tick()
    assert "Nobody qualified in this season" in play.client.get(f"{PAGE}?board=rig").text
