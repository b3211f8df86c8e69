"""A season played from its opening to its close: twelve participants, four tracks, over HTTP, the hosts played by the test."""

import csv
import datetime as dt
import io
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from minjoule import tracks as shipped
from server import clock
from server.boards.service import rank_stale_boards
from server.db.session import Database
from server.domain.errors import Closed, Conflict, ParticipantError
from server.domain.participant import Participant
from server.domain.reviews import Act
from server.organizers import seasons, service
from server.participants import service as participants
from server.records.tasks import follow_ranking, tend_duels
from tests.conftest import Account, bundle_of, report_of
from tests.fakes.hints import FakeHints

TRACKS = ("parity", "digits", "kjv", "digits-torch")
LOSSES = {"parity": 0.3, "digits": 0.2, "kjv": 1.0, "digits-torch": 0.2}


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """A whole season is long: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def source(number: int) -> str:
    """Sources of lineages of their own."""
    body = "\n".join(f"    value = value.step{number}_{line}(value, {line}) + value.turn{number}" for line in range(12))
    return f"def train(data, *, seed):\n    value = data\n{body}\n    return value\n"


class Play:
    """The platform, and what the actors of the season do with it."""

    def __init__(self, client: TestClient, database: Database, account: Callable[..., Account], submit: Any) -> None:
        self.client, self.database, self.hints, self.submit = client, database, FakeHints(), submit
        self.people = [account(f"entrant {number}") for number in range(12)]
        self.olga = account("Olga", "organizer")
        self.joules: dict[str, float] = {}
        self.noise = random.Random(7)
        self.purposes: list[str] = []

    def enter(self, who: int, track: str, joules: float) -> str:
        code = source(len(self.joules))
        bundle = bundle_of(track=track, name=f"entry {len(self.joules)}", **{"entry.py": code})
        digest: str = self.submit(self.people[who], bundle)["id"]
        self.joules[digest] = joules
        return digest

    def judge(self, headers: dict[str, str], factor: float = 1.0) -> int:
        count = 0
        while (answer := self.client.post("/api/v1/host/claims", json={"boot_id": "boot"}, headers=headers)).status_code == 200:
            claim = answer.json()
            energy = round(1e6 * factor * self.joules[claim["submission_digest"]] * self.noise.gauss(1, 0.005))
            said = report_of(claim["epoch"], loss=LOSSES[claim["track"]["slug"]], energy_uj=energy)
            self.client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).raise_for_status()
            self.purposes.append(claim["purpose"])
            count += 1
        return count

    def tick(self) -> None:
        now = clock.now()
        with self.database.session() as session:
            follow_ranking(session, self.hints, rank_stale_boards(session, now), now)
        with self.database.session() as session:
            tend_duels(session, self.hints, now)

    def settle(self, *hosts: dict[str, str]) -> None:
        for _ in range(15):
            self.tick()
            if not sum(self.judge(each) for each in hosts):
                return self.tick()
        return pytest.fail("it never settles")

    def organizer(self) -> Participant:
        with self.database.session(read_only=True) as session:
            return participants.by_token(session, self.olga.headers["authorization"].split()[1], clock.now())[0]

    def entry(self, digest: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/submissions/{digest}").json()["entries"][0]
        return found

    def within(self, work: Callable[..., Any], *values: Any) -> Any:
        with self.database.session() as session:
            return work(session, *values)


@pytest.fixture
def play(client: TestClient, database: Database, account: Callable[..., Account], submit: Any) -> Play:
    return Play(client, database, account, submit)


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
