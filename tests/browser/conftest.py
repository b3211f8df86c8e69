"""A browser, and the pages of a platform with data in it: served by uvicorn in a thread, judged by a host that the tests play."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from shutil import which
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from minjoule.bundle import read_folder
from server import clock
from server.boards.service import rank_stale_boards
from server.db.rows import ParticipantRow, SubmissionRow
from server.db.session import Database
from server.domain.participant import Participant
from server.finals.tasks import tend_finals
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.organizers import seasons
from server.participants import service as participants
from server.participants import teams
from server.play.service import EXAMPLES
from tests.conftest import Account, bundle_of, lacking, report_of
from tests.fakes.hints import FakeHints

TRAIN = {"begin_ns": 10, "end_ns": 1_240_000_010, "energy_uj": 1_345_678, "expanded_uj": None}
SCORE = {"begin_ns": 2_000_000_000, "end_ns": 2_187_000_000, "energy_uj": 1_000_000, "expanded_uj": None}

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    path = which("chromium")
    if path is None:
        lacking("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Looks don't depend on the database: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@dataclass(frozen=True)
class Site:
    """Where it is, its pages by name, and the cookies of whoever sees them all."""

    url: str
    pages: dict[str, str]
    cookies: dict[str, str]


@pytest.fixture
def site(
    client: TestClient,
    database: Database,
    host: Callable[..., Any],
    account: Callable[..., Account],
    submit: Callable[..., Any],
    judge: Callable[..., Any],
) -> Iterator[Site]:
    headers = host()
    names = ["Walsh search with a name as long as names may be, sixty chars", "QDA", "softmax", "Parzen windows", "overtrained MLP"]
    for number, name in enumerate(names):
        submit(account(f"entrant {number}"), bundle_of(name=name[:60]))
        judge(headers, loss=0.31 + 0.02 * number, energy_uj=1_700_000 * 3**number)
    done = submit(account("Alice Longfellow-Cholmondeley"), bundle_of(name="mine"))
    judge(headers, loss=0.32, train=TRAIN, score=SCORE)
    for number, name in enumerate(names):
        submit(account(f"finalist {number}"), bundle_of("digits", name=name[:60]))
        judge(headers, loss=0.2, energy_uj=1_700_000 * 3**number)
    organizer, signed = signed_in(client, database, "Olga", "organizer")
    rig = rig_headers(client, database)
    measured = measured_run(client, database, organizer, rig)
    judge(headers, loss=0.3)
    answer = client.put("/api/v1/submissions", content=bundle_of(name="waits").to_zip(), headers=organizer)
    waits = answer.json()
    claim = client.post("/api/v1/host/claims", headers=headers).json()
    fault = {"epoch": claim["epoch"], "cause": "meter_fault", "detail": "the plug fell silent for 1.2 s"}
    client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/fault", json=fault, headers=headers)
    team = team_with_members(database, "Olga", ["Alice Longfellow-Cholmondeley", "entrant 0"])
    in_its_name = bundle_of(name="the team's").to_zip()
    assert client.put("/api/v1/submissions?team=The Longest-Named Team of All", content=in_its_name, headers=organizer).status_code == 201
    pages = {
        "home": "/",
        "board": "/tracks/parity?board=test",
        "budget-board": "/tracks/parity?board=test&budget=100",
        "empty-board": "/tracks/kjv",
        "rules": "/tracks/digits/rules",
        "play": "/tracks/webgpu-digits/play",
        "records": "/tracks/digits/records",
        "season-open": "/tracks/kjv/seasons/1",
        "season-running": "/tracks/digits/seasons/1?board=test",
        "season-final": "/tracks/digits/seasons/1?board=rig",
        "hosts": "/hosts",
        "submission": f"/submissions/{waits['id']}",
        "others-submission": f"/submissions/{done['id']}",
        "run": f"/runs/{done['runs'][0]['id']}",
        "waiting-run": f"/runs/{claim['run_id']}",
        "measured-run": f"/runs/{measured}",
        "measured-board": "/tracks/digits?board=rig",
        "versions": "/tracks/parity/boards/test/versions",
        "version": "/tracks/parity/boards/test/versions/7",
        "measured-version": "/tracks/digits/boards/rig/versions/1",
        "submit": "/submit",
        "me": "/me",
        "team": f"/teams/{team}",
        "join": "/teams/join?code=mj_team_0123456789ab_forged",
        "organizer": "/organizer",
        "reviews": "/organizer/reviews",
        "review": f"/organizer/reviews/{done['id']}",
        "sign-in": "/sign-in?next=/submit",
        "sign-up": "/sign-up",
        "not-found": "/tracks/nope",
    }
    form = {"data": {"form_token": ""}}
    with database.session(read_only=True) as session:
        found = participants.by_cookie(session, next(iter(signed.values())), clock.now())
        form["data"]["form_token"] = found.form_token if found else ""
    form["data"] |= {"host_class": "test", "act": "disqualify", "reason": "its loss of run 2 was read from a file of the host's"}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in signed.items()), "sec-fetch-site": "same-origin"}
    assert client.post(f"/organizer/reviews/{done['id']}", headers=headers, follow_redirects=False, **form).status_code == 303
    again = {"host_class": "test", "act": "repeat", "reason": "its loss is to be looked at again", "run": done["runs"][0]["id"]}
    assert client.post(f"/api/v1/submissions/{done['id']}/decisions", json=again, headers=organizer).status_code == 201
    play_seasons(client, database, rig)
    published = submit(account("Charles Babbage"), read_folder(EXAMPLES / "webgpu-js"))["id"]
    publish(database, published)
    pages |= {"published-submission": f"/submissions/{published}", "play-submission": f"/tracks/webgpu-digits/play?entry={published[:16]}"}
    server = uvicorn.Server(uvicorn.Config(client.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", pages, signed)
    server.should_exit = True
    thread.join(10)


def rig_headers(client: TestClient, database: Database) -> dict[str, str]:
    """Of a host on a measured boundary."""
    with database.session() as session:
        code = hosts.issue_code(
            session, NewClass("rig", "a rig with a GPU", "node", False, promises_gpu=True), loopback_only=True, now=clock.now()
        )
    token = client.post("/api/v1/host/enrolments", json={"code": code, "name": "rig-1", "facts": {}}).json()["token"]
    return {"authorization": f"Bearer {token}"}


def play_seasons(client: TestClient, database: Database, rig: dict[str, str]) -> None:
    """One that is open, and one that is closed: its final runs wait on one board, the other has its final standings."""
    now, hints = clock.now(), FakeHints()
    with database.session() as session:
        for slug in ("kjv", "digits"):
            seasons.open_season(session, None, slug, now, now + dt.timedelta(days=30), now)
        seasons.close_season(session, hints, None, "digits", now + dt.timedelta(days=31))
    for number in range(30):
        claim = client.post("/api/v1/host/claims", headers=rig)
        if claim.status_code == 204:
            break
        windows = {"train": TRAIN | {"expanded_uj": 90_000 + number, "on_host_uj": 20_000}}
        windows["score"] = SCORE | {"expanded_uj": 60_000, "on_host_uj": 9_000}
        report = report_of(claim.json()["epoch"], loss=0.2, **windows)
        path = f"/api/v1/host/attempts/{claim.json()['attempt_id']}/report"
        assert client.post(path, json=report, headers=rig).status_code == 200
    with database.session() as session:
        rank_stale_boards(session, now)
        tend_finals(session, hints, now + dt.timedelta(days=31))


def measured_run(client: TestClient, database: Database, organizer: dict[str, str], headers: dict[str, str]) -> str:
    """A run on a measured boundary, shared by five boxes and still short, whose host failed its control workload afterwards."""
    client.put("/api/v1/submissions", content=bundle_of("digits", name="measured").to_zip(), headers=organizer)
    shared = {"losses": [0.2] * 5, "instances": ["a" * 64] * 5, "artifacts": ["b" * 64] * 5}
    said = {"sharing": {"floor_ns": str(10**10), "expected_ns": str(2 * 10**9), "train": 5, "score": 5} | shared, "loss": 0.2}
    windows = {
        "train": TRAIN | {"expanded_uj": 90_000, "on_host_uj": 20_000, "meters": meters(1_045_678, 300_000, 1_900_000)},
        "score": SCORE | {"expanded_uj": 60_000, "on_host_uj": 9_000, "meters": meters(600_000, 400_000, 1_500_000)},
    }
    while (claim := client.post("/api/v1/host/claims", headers=headers)).status_code == 200:
        run = claim.json()
        report = report_of(run["epoch"], **said, **windows)
        assert client.post(f"/api/v1/host/attempts/{run['attempt_id']}/report", json=report, headers=headers).status_code == 200
    failed = {"passed": False, "said": "the control workload's joules spread by 4.10% over 5 runs, 1% are allowed"}
    client.post("/api/v1/host/controls", json=failed, headers=headers)
    with database.session() as session:
        rank_stale_boards(session, clock.now())
    return str(run["run_id"])


def meters(gpu_uj: int, cpu_uj: int, wall_uj: int) -> list[dict[str, Any]]:
    """Of one window: both parts of the bill, and a plug beside it."""
    said = (("nvml", gpu_uj, True), ("rapl", cpu_uj, True), ("shelly", wall_uj, False))
    return [{"meter": meter, "energy_uj": energy_uj, "billed": billed} for meter, energy_uj, billed in said]


def team_with_members(database: Database, lead: str, members: list[str]) -> int:
    """A team of these accounts, with an open invitation; its id."""
    with database.session() as session:
        found = {row.name: Participant(row.id, row.name, row.role) for row in session.query(ParticipantRow)}
        team = teams.found(session, found[lead], "The Longest-Named Team of All", clock.now())
        for name in members:
            teams.join(session, found[name], teams.invite(session, found[lead], team.id, clock.now())[1], clock.now())
        teams.invite(session, found[lead], team.id, clock.now())
        return team.id


def publish(database: Database, digest: str) -> None:
    """Its source is public from now on."""
    with database.session() as session:
        session.query(SubmissionRow).filter_by(digest=digest).one().source_public_at = clock.now()


def signed_in(client: TestClient, database: Database, name: str, role: str) -> tuple[dict[str, str], dict[str, str]]:
    """An account's token header, and its browser's cookie."""
    with database.session() as session:
        row = participants.sign_up(session, name, "a long password", clock.now(), role)
        token = participants.issue_token(session, row.id, "laptop", clock.now(), 30)
        cookie = participants.open_session(session, row.id, clock.now(), 1)
    return {"authorization": f"Bearer {token}"}, {client.app.state.cookie_name: cookie}  # type: ignore[attr-defined]
