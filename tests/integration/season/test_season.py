"""A season played from its opening to its close: twelve participants, four tracks, over HTTP, the hosts played by the test."""

import csv
import datetime as dt
import io
import re
import time
from typing import Any

import pytest

from minjoule import tracks as shipped
from server import clock
from server.domain.errors import Closed, Conflict, ParticipantError
from server.domain.reviews import Act
from server.organizers import seasons, service
from tests.conftest import bundle_of
from tests.integration.season.conftest import Play

TRACKS = ("parity", "digits", "kjv", "digits-torch")


def equal(play: Play, track: str) -> None:
    """Page, CSV and JSON of a board show the same."""
    given = play.client.get(f"/api/v1/tracks/{track}/boards/rig").json()["entries"]
    lines = list(csv.DictReader(io.StringIO(play.client.get(f"/tracks/{track}.csv?board=rig").text)))
    page = play.client.get(f"/tracks/{track}?board=rig&asked={time.monotonic_ns()}").text  # the same address is remembered for a second
    assert [line["submission"] for line in lines] == [each["submission"] for each in given]
    assert [line["rank"] for line in lines] == ["" if each["rank"] is None else str(each["rank"]) for each in given]
    shown = re.findall(r'<td class="n">(\d+|–)</td><td><a href="/submissions/([0-9a-f]{16})">', page)
    assert [(line["rank"] or "–", line["submission"][:16]) for line in lines] == shown


class Season:
    """Four tracks, each with a season of its own, and what happens in them; each part leaves the others' entries alone."""

    def __init__(self, play: Play, rig: dict[str, str]) -> None:
        self.play, self.rig = play, rig
        self.now = clock.now()
        self.later = self.now + dt.timedelta(days=31)
        for slug in TRACKS:
            play.within(seasons.open_season, None, slug, self.now, self.now + dt.timedelta(days=30), self.now)
        self.kjv = [play.enter(who, "kjv", joules) for who, joules in enumerate([10.0, 10.0, 12.0, 15.0, 20.0, 30.0])]
        groups = {"parity": (6, 7, 8), "digits": (9, 10), "digits-torch": (11,)}
        self.rest = {slug: [play.enter(who, slug, 5.0 + who) for who in group] for slug, group in groups.items()}
        play.settle(rig)

    def records(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.play.client.get("/api/v1/tracks/kjv/boards/rig/records").json()
        return found


def a_tie(season: Season) -> None:
    play = season.play
    assert [play.entry(each)["rank"] for each in season.kjv[:2]] == [1, 1]
    page = play.client.get("/tracks/kjv?board=rig").text
    assert page.index(season.kjv[0][:16]) < page.index(season.kjv[1][:16])  # the earliest first
    assert season.records()[-1]["submission"] in season.kjv[:2]


def a_duel_and_a_record(season: Season) -> str:
    play = season.play
    better = play.enter(3, "kjv", 8.0)
    play.settle(season.rig)
    assert "duel" in play.purposes
    assert season.records()[-1]["submission"] == better
    return better


def a_disqualification_with_appeal(season: Season, better: str) -> None:
    play = season.play
    play.within(service.act_on, play.hints, play.organizer(), Act.DISQUALIFY, better, "rig", "it read the meter's clock", clock.now())
    play.tick()
    assert play.entry(better)["rank"] is None
    assert season.records()[-1]["state"] == "revoked"
    equal(play, "kjv")
    objection = {"host_class": "rig", "text": "no meter is in reach of the box"}
    appeal = play.client.post(f"/api/v1/submissions/{better}/appeals", json=objection, headers=play.people[3].headers)
    assert appeal.status_code == 201
    play.within(service.reply, play.organizer(), better, "rig", True, "the entrant is right: it has no clock", clock.now())
    play.settle(season.rig)
    assert play.entry(better)["rank"] == 1


def a_dispute(season: Season, disputed: str) -> None:
    """Digits' first, replicated by a stranger; the host has a fan that fails meanwhile."""
    play = season.play
    path = f"/api/v1/submissions/{disputed}/replications"
    assert play.client.post(path, json={"host_class": "rig"}, headers=play.people[0].headers).status_code == 201
    play.judge(season.rig, factor=1.5)
    play.tick()
    assert (play.entry(disputed)["status"], play.entry(disputed)["rank"]) == ("DISPUTED", None)
    assert disputed[:16] in play.client.get("/tracks/digits?board=rig&status=disputed").text
    equal(play, "digits")
    play.within(service.act_on, play.hints, play.organizer(), Act.RESTORE, disputed, "rig", "the rig had a fan that failed", clock.now())
    play.settle(season.rig)
    assert play.entry(disputed)["status"] == "QUALIFIED"


def a_change_of_the_rules(season: Season) -> None:
    play, toml = season.play, shipped.shipped()["parity"]
    old = shipped.parse_track(toml)
    changed = toml.replace(f"sigma = {old.sigma}", "sigma = 0.006").replace(
        f"rules_version = {old.rules_version}", f"rules_version = {old.rules_version + 1}"
    )
    change = play.within(seasons.change_rules, play.hints, None, changed, "sigma was calibrated again", clock.now())
    assert (change.altered, change.entries) == (["sigma"], 3)
    first = season.rest["parity"][0]
    assert play.entry(first)["status"] == "PROVISIONAL"
    play.settle(season.rig)
    assert play.entry(first)["status"] == "QUALIFIED"
    assert "no longer in force" in play.client.get(f"/tracks/parity/rules?version={old.rules_version}").text
    assert play.client.get("/tracks/parity/rules?version=99").status_code == 404


def a_close(season: Season) -> None:
    """Of every track: fresh runs make the final standings, exported as they're shown; nothing of the season changes afterwards."""
    play, later, purposes = season.play, season.later, season.play.purposes.copy()
    with pytest.raises(Conflict, match="takes submissions until"):
        play.within(seasons.close_season, play.hints, None, "kjv", clock.now())
    fresh = {slug: play.within(seasons.close_season, play.hints, None, slug, later) for slug in TRACKS}
    assert {slug: len(runs) for slug, runs in fresh.items()} == {"parity": 3 * 3, "digits": 2 * 10, "kjv": 7 * 3, "digits-torch": 3}
    play.settle(season.rig, now=later)
    assert play.purposes.count("season_close") - purposes.count("season_close") == 9 + 20 + 21 + 3
    for slug in TRACKS:
        final_equals_its_export(play, slug)
    with pytest.raises(Closed, match="was closed"):
        play.within(seasons.close_season, play.hints, None, "kjv", later)
    late = play.client.put("/api/v1/submissions", content=bundle_of(track="kjv", name="late").to_zip(), headers=play.people[0].headers)
    assert (late.status_code, "season 1 of track kjv took submissions until" in late.text) == (410, True)
    kjv_toml = re.sub("(?m)^target_loss = .*$", "target_loss = 1.4", shipped.shipped()["kjv"])
    kjv_toml = re.sub("(?m)^rules_version = .*$", "rules_version = 9", kjv_toml)
    with pytest.raises(ParticipantError, match="season 1 is closed"):
        play.within(seasons.change_rules, play.hints, None, kjv_toml, "a harder target now", later)


def final_equals_its_export(play: Play, track: str) -> None:
    """Page, CSV and JSON of a season's final standings."""
    given = play.client.get(f"/api/v1/tracks/{track}/seasons/1/boards/rig").json()["standings"]
    lines = list(csv.DictReader(io.StringIO(play.client.get(f"/tracks/{track}/seasons/1.csv?board=rig").text)))
    page = play.client.get(f"/tracks/{track}/seasons/1?board=rig").text
    shown = re.findall(r'<td class="n">(\d+|–)</td><td><a href="/submissions/([0-9a-f]{16})">', page)
    assert [(line["rank"], line["submission"][:16]) for line in lines] == shown
    assert [(str(each["rank"]), each["submission"][:16]) for each in given] == shown


def test_a_season_from_its_opening_to_its_close(play: Play, host: Any) -> None:
    season = Season(play, host("rig-1", "rig", "node-cpu"))
    assert len(play.people) == 12
    a_tie(season)
    better = a_duel_and_a_record(season)
    for slug in TRACKS:
        equal(play, slug)
    a_disqualification_with_appeal(season, better)
    a_dispute(season, season.rest["digits"][0])
    a_change_of_the_rules(season)
    a_close(season)


def test_a_dispute_is_opened_by_a_second_host_and_closed_by_an_organizer(play: Play, host: Any) -> None:
    one = host("rig-1", "rig", "node-cpu")
    digest = play.enter(0, "kjv", 10.0)
    play.judge(one)
    two = host("rig-2", "rig", "node-cpu")
    play.judge(two)
    play.tick()
    play.judge(two, factor=1.5)
    play.tick()
    assert play.entry(digest)["status"] == "DISPUTED"
    play.within(service.act_on, play.hints, play.organizer(), Act.RESTORE, digest, "rig", "rig-2 had a fan that failed", clock.now())
    play.tick()
    assert play.entry(digest)["status"] == "QUALIFIED"


@pytest.mark.parametrize("rule", ["once", "season_end", "record"])
def test_a_source_is_public_when_the_tracks_rule_says(play: Play, host: Any, rule: str) -> None:
    """At once, when the season ends, or with a confirmed record, which a tutorial doesn't grant."""
    rig, now = host("rig-1", "rig"), clock.now()
    toml = shipped.shipped()["parity"]
    old = shipped.parse_track(toml)
    changed = toml.replace("tutorial = true", f'tutorial = true\nsource_public = "{rule}"')
    changed = changed.replace(f"rules_version = {old.rules_version}", f"rules_version = {old.rules_version + 1}")
    play.within(seasons.change_rules, play.hints, None, changed, "when sources are public", now)
    play.within(seasons.open_season, None, "parity", now, now + dt.timedelta(days=1), now)
    digest = play.enter(0, "parity", 5.0)

    def public() -> bool:
        return "def train" in play.client.get(f"/submissions/{digest}").text

    assert public() == (rule == "once")
    play.judge(rig)
    later = now + dt.timedelta(days=2)
    play.tick(later)
    assert public() == (rule == "once")
    play.within(seasons.close_season, play.hints, None, "parity", later)
    assert public() == (rule != "record")
