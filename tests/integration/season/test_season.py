"""A season played from its opening to its close: twelve participants, four tracks, over HTTP, the hosts played by the test."""

import csv
import datetime as dt
import io
import re
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
    page = play.client.get(f"/tracks/{track}?board=rig").text
    assert [line["submission"] for line in lines] == [each["submission"] for each in given]
    assert [line["rank"] for line in lines] == ["" if each["rank"] is None else str(each["rank"]) for each in given]
    places = [page.index(each["submission"][:16]) for each in given]
    assert places == sorted(places)


def test_a_season_from_its_opening_to_its_close(play: Play, host: Any, sql: Any) -> None:
    rig, now = host("rig-1", "rig", "node-cpu"), clock.now()
    for slug in TRACKS:
        play.within(seasons.open_season, None, slug, now, now + dt.timedelta(days=30), now)
    kjv = [play.enter(who, "kjv", joules) for who, joules in enumerate([10.0, 10.0, 12.0, 15.0, 20.0, 30.0])]
    rest = {slug: [play.enter(who, slug, 5.0 + who) for who in group] for slug, group in zip(TRACKS[:2], ((6, 7, 8), (9, 10)), strict=True)}
    if play.client.get("/api/v1/tracks/digits-torch/boards/rig").status_code == 200:
        rest["digits-torch"] = [play.enter(11, "digits-torch", 9.0)]
    play.settle(rig)
    ties = [play.entry(each)["rank"] for each in kjv[:2]]
    assert ties == [1, 1]
    records = play.client.get("/api/v1/tracks/kjv/boards/rig/records").json()
    assert records[-1]["submission"] in kjv[:2]

    better = play.enter(3, "kjv", 8.0)
    play.settle(rig)
    assert "duel" in play.purposes
    assert play.client.get("/api/v1/tracks/kjv/boards/rig/records").json()[-1]["submission"] == better
    for slug in rest:
        equal(play, slug)

    play.within(service.act_on, play.hints, play.organizer(), Act.DISQUALIFY, better, "rig", "it read the meter's clock", clock.now())
    play.tick()
    assert play.entry(better)["rank"] is None
    assert play.client.get("/api/v1/tracks/kjv/boards/rig/records").json()[-1]["state"] == "revoked"
    equal(play, "kjv")
    objection = {"host_class": "rig", "text": "no meter is in reach of the box"}
    appeal = play.client.post(f"/api/v1/submissions/{better}/appeals", json=objection, headers=play.people[3].headers)
    assert appeal.status_code == 201
    play.within(service.reply, play.organizer(), better, "rig", True, "the entrant is right: it has no clock", clock.now())
    play.settle(rig)
    assert play.entry(better)["rank"] == 1

    toml = shipped.shipped()["parity"]
    old = shipped.parse_track(toml)
    changed = toml.replace(f"sigma = {old.sigma}", "sigma = 0.006").replace(
        f"rules_version = {old.rules_version}", f"rules_version = {old.rules_version + 1}"
    )
    change = play.within(seasons.change_rules, play.hints, None, changed, "sigma was calibrated again", clock.now())
    assert (change.altered, change.entries) == (["sigma"], 3)
    assert play.entry(rest["parity"][0])["status"] == "PROVISIONAL"
    play.settle(rig)
    assert play.entry(rest["parity"][0])["status"] == "QUALIFIED"
    assert "no longer in force" in play.client.get(f"/tracks/parity/rules?version={old.rules_version}").text
    assert play.client.get("/tracks/parity/rules?version=99").status_code == 404

    with pytest.raises(Conflict, match="takes submissions until"):
        play.within(seasons.close_season, play.hints, None, "kjv", clock.now())
    later = clock.now() + dt.timedelta(days=31)
    fresh = play.within(seasons.close_season, play.hints, None, "kjv", later)
    assert len(fresh) == 3 * 7
    play.settle(rig)
    assert play.purposes.count("season_close") == 21
    with pytest.raises(Closed, match="was closed"):
        play.within(seasons.close_season, play.hints, None, "kjv", later)
    late = play.client.put("/api/v1/submissions", content=bundle_of(track="kjv", name="late").to_zip(), headers=play.people[0].headers)
    assert (late.status_code, "season 1 of track kjv took submissions until" in late.text) == (410, True)
    kjv_toml = re.sub("(?m)^target_loss = .*$", "target_loss = 1.4", shipped.shipped()["kjv"])
    kjv_toml = re.sub("(?m)^rules_version = .*$", "rules_version = 9", kjv_toml)
    with pytest.raises(ParticipantError, match="season 1 is closed"):
        play.within(seasons.change_rules, play.hints, None, kjv_toml, "a harder target now", later)


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
