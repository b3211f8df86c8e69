"""Versions of a ranking: numbered, kept when it changes and then only, never changed, and found by their permanent links."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from minjoule import client as api_client
from minjoule.cli.main import app as cli
from minjoule.record import canonical
from server import clock
from server.boards.service import rank_stale_boards, restore, rule
from server.boards.versions import DamagedVersionError
from server.db.rows import EntryRow, RankingVersionRow, SubmissionRow
from server.db.session import Database
from server.domain.scoring import Status
from tests.conftest import Account, bundle_of

PLACE = "/tracks/parity/boards/test/versions"
API = f"/api/v1{PLACE}"


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """SQLite; that no version is lost on either database is in test_version_numbers."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def board(client: TestClient, account: Callable[..., Account], host: Any, submit: Any, judge: Any) -> dict[str, str]:
    """Three versions: one entry, then two, then a cheaper third; their digests by name."""
    headers, digests = host(), {}
    for name, energy_uj in (("first", 5_000_000), ("dear", 9_000_000), ("cheap", 2_000_000)):
        digests[name] = submit(account(f"by {name}"), bundle_of(name=name))["id"]
        judge(headers, loss=0.1, energy_uj=energy_uj)
    return digests


def take_out(database: Database, status: Status, reason: str, digest: str, *, back: bool = False) -> None:
    with database.session() as session:
        entry = session.query(EntryRow).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id).filter_by(digest=digest).one()
        restore(session, entry.id) if back else rule(session, entry.id, status, reason, clock.now())
    with database.session() as session:
        rank_stale_boards(session, clock.now())


def test_each_change_is_a_version_and_shows_the_board_of_then(client: TestClient, board: dict[str, str]) -> None:
    then = [[(each["rank"], each["name"]) for each in client.get(f"{API}/{number}").json()["entries"]] for number in (1, 2, 3)]
    assert then == [[(1, "first")], [(1, "first"), (2, "dear")], [(1, "cheap"), (2, "first"), (3, "dear")]]
    assert [each["number"] for each in client.get(API).json()] == [3, 2, 1]
    now = client.get("/api/v1/tracks/parity/boards/test").json()
    assert now["version"]["number"] == 3
    assert now["entries"] == client.get(f"{API}/3").json()["entries"]


def test_the_same_ranking_is_kept_once(client: TestClient, database: Database, board: dict[str, str], sql: Any) -> None:
    sql("update boards set stale = true")
    with database.session() as session:
        assert rank_stale_boards(session, clock.now()) != []
    assert len(client.get(API).json()) == 3


@pytest.mark.parametrize(
    "change",
    [
        "update entries set mean_loss = mean_loss + 0.000001 where id = 1",
        "update entries set mean_log_j = mean_log_j + 0.000001 where id = 1",
        "update entries set status = 'DISPUTED', rank = null where id = 1",
    ],
    ids=["loss", "joules", "state"],
)
def test_a_change_of_any_of_them_is_a_version(client: TestClient, database: Database, board: dict[str, str], sql: Any, change: str) -> None:
    sql(change)
    sql("update boards set stale = true")
    with database.session() as session:
        rank_stale_boards(session, clock.now())
    assert client.get(API).json()[0]["number"] == 4


def test_a_strangers_digest_of_the_json_is_the_one_shown_and_each_names_the_one_before(client: TestClient, board: dict[str, str]) -> None:
    before = None
    for number in (1, 2, 3):
        answer = client.get(f"{API}/{number}")
        digest = hashlib.sha256(answer.content).hexdigest()
        assert canonical(json.loads(answer.content)) == answer.content, "canonical JSON: whoever writes it anew gets the same bytes"
        assert digest in client.get(f"{PLACE}/{number}").text
        assert answer.json()["previous_sha256"] == before
        before = digest
    assert before is not None
    assert before in client.get("/tracks/parity").text
    assert f'href="{PLACE}/3"' in client.get("/tracks/parity").text


@pytest.mark.parametrize("whole_every", [1, 2, 100])
def test_versions_are_the_same_however_they_are_stored(
    client: TestClient,
    database: Database,
    host: Any,
    account: Any,
    submit: Any,
    judge: Any,
    monkeypatch: pytest.MonkeyPatch,
    whole_every: int,
) -> None:
    monkeypatch.setattr("server.boards.versions.WHOLE_EVERY", whole_every)
    monkeypatch.setattr("server.boards.versions.WORTH", 1.0)
    headers = host()
    shown = []
    for number in range(6):
        submit(account(f"by {number}"), bundle_of(name=f"entry {number}"))
        judge(headers, loss=0.1, energy_uj=3_000_000 + (3 - number) ** 3 * 10_000)
        shown.append(client.get("/api/v1/tracks/parity/boards/test").json()["entries"])
    with database.session(read_only=True) as session:
        bases = [row.base_number for row in session.query(RankingVersionRow).order_by(RankingVersionRow.number)]
    assert (bases == [None] * 6) == (whole_every == 1)
    for number, entries in enumerate(shown, 1):
        content = client.get(f"{API}/{number}").content
        assert json.loads(content)["entries"] == entries
        assert f'"{hashlib.sha256(content).hexdigest()}"' in client.get(API).text


def test_what_is_in_a_version_may_be_kept_for_ever_and_the_page_around_it_not(client: TestClient, board: dict[str, str]) -> None:
    for path in (f"{API}/1", f"{API}/1?offset=0", f"{PLACE}/1.csv"):
        assert client.get(path).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"{PLACE}/1").headers["cache-control"] == "private, no-cache"


def test_a_damaged_version_is_never_shown_and_stops_no_ranking(
    client: TestClient, database: Database, board: dict[str, str], sql: Any
) -> None:
    sql("drop trigger versions_no_update")
    sql("update ranking_versions set content = x'00' where number = 3")
    with pytest.raises(DamagedVersionError, match=r"version 3 of board \d+ can't be unpacked"):
        client.get(f"{API}/3")
    take_out(database, Status.DISQUALIFIED, "it read the meter's clock", board["cheap"])
    assert [each["number"] for each in client.get(API).json()] == [4, 3, 2, 1]
    assert [each["name"] for each in client.get(f"{API}/4").json()["entries"]] == ["first", "dear", "cheap"]
    sql("update ranking_versions set sha256 = '0' where number = 1")
    with pytest.raises(DamagedVersionError, match="another digest"):
        client.get(f"{API}/1")


@pytest.mark.parametrize("statement", ["update ranking_versions set ranked = 9", "delete from ranking_versions"])
def test_the_database_refuses_to_change_a_version(board: dict[str, str], sql: Any, statement: str) -> None:
    with pytest.raises(DatabaseError, match="never changed"):
        sql(statement)


def test_an_older_version_leads_to_its_neighbours_and_to_the_newest(client: TestClient, board: dict[str, str]) -> None:
    first, middle, last = (client.get(f"{PLACE}/{number}").text for number in (1, 2, 3))
    assert "A newer version exists" in first
    assert f'rel="prev" href="{PLACE}/1"' in middle
    assert f'rel="next" href="{PLACE}/3"' in middle
    assert "newest version" in last
    assert 'rel="next"' not in last
    assert 'rel="prev"' not in first


@pytest.mark.parametrize("status", [Status.DISQUALIFIED, Status.WITHDRAWN, Status.DISPUTED])
def test_who_was_taken_out_later_stays_in_older_versions_with_a_note(
    client: TestClient, database: Database, board: dict[str, str], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.boards.version_pages.REMEMBER_S", 0.0)
    before = client.get(f"{API}/3").content
    take_out(database, status, "it read <b>a file</b>", board["cheap"])
    assert client.get(f"{API}/3").content == before
    page = client.get(f"{PLACE}/3").text
    assert f"Since then {status.lower()}</strong>: it read &lt;b&gt;a file&lt;/b&gt;" in page
    assert ">cheap</a>" in page, "the name stays"
    now = client.get(f"{PLACE}/4").text
    assert "Since then" not in now
    assert "it read &lt;b&gt;a file&lt;/b&gt;" in now
    assert "Since then" not in client.get(f"{PLACE}/2").text, "it wasn't there yet"
    take_out(database, status, "", board["cheap"], back=True)
    assert "Since then qualified" in client.get(f"{PLACE}/4").text
    assert "Since then" not in client.get(f"{PLACE}/3").text


@pytest.mark.parametrize("number", ["0", "-1", "x", "4", "99999999999", "1e3", "2147483648"])
def test_a_version_that_isnt_there_is_refused_with_what_there_is(client: TestClient, board: dict[str, str], number: str) -> None:
    for path in (f"{PLACE}/{number}", f"{PLACE}/{number}.csv", f"{API}/{number}"):
        assert client.get(path).status_code in (404, 422), path
    answer = client.get(f"{API}/4")
    assert (answer.status_code, answer.json()["error"]["hint"]) == (404, "its versions are 1 to 3")


def test_a_board_without_entries_has_no_version(client: TestClient, host: Any) -> None:
    host()
    assert client.get(API).json() == []
    assert client.get("/api/v1/tracks/parity/boards/test").json()["version"] is None
    assert "None yet: nobody has entered" in client.get(PLACE).text
    assert "nobody has entered" in client.get(f"{PLACE}/1").text
    assert client.get("/tracks/parity/boards/nope/versions").status_code == 404


def test_the_command_prints_a_version_and_makes_its_digest_itself(
    client: TestClient, board: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_client.Client, "get", lambda _, path, **query: client.get(f"/api/v1{path}", params=query).json())
    monkeypatch.setattr(api_client.Client, "get_bytes", lambda _, path: client.get(f"/api/v1{path}").content)
    done = CliRunner().invoke(cli, ["board", "parity", "--version", "2"])
    assert done.exit_code == 0, done.output
    assert f"sha256 {client.get(API).json()[1]['sha256']}" in done.output
    assert "dear" in done.output
    assert "cheap" not in done.output
    assert f"{PLACE}/3" in CliRunner().invoke(cli, ["board", "parity"]).output
    exact = client.get(f"{API}/2").content  # asked for beforehand: this test's server logs to the command's output
    monkeypatch.setattr(api_client.Client, "get_bytes", lambda _, path: exact)
    machine = CliRunner().invoke(cli, ["board", "parity", "--host-class", "test", "--version", "2", "--json"])
    assert machine.stdout_bytes == exact
