"""The drill: a backup while submissions come in, a restore into an empty place, and the boards say the same."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from server.app import create_app
from server.backup import BackupError, back_up, read_manifest
from server.cli import app as admin
from server.clock import now
from server.restore import restore
from server.settings import Settings
from tests.conftest import bundle_of
from tests.fakes.hints import FakeHints

BOARD = "/api/v1/tracks/parity/boards/test"


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    """An empty place, on SQLite whatever the first was on."""
    return Settings(data_dir=tmp_path / "new", database_url=f"sqlite:///{tmp_path / 'new' / 'minjoule.db'}")


@pytest.fixture
def judged(client: TestClient, account: Any, host: Any, submit: Any, judge: Any) -> str:
    """Two entries on the board; gives a run's id."""
    headers, alice = host(), account("Alice")
    for number in (1, 2):
        submit(alice, bundle_of(name=f"entry {number}"))
        runs = judge(headers, energy_uj=2_000_000 * number)
    return str(runs[0])


def board_of(client: TestClient) -> Any:
    return client.get(BOARD).json()["entries"]


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings, FakeHints())
    with TestClient(app) as client:
        yield client
    app.state.database.close()


def test_a_backup_under_way_is_one_instant_and_its_restore_shows_the_same_boards_runs_and_records(
    client: TestClient, settings: Settings, judged: str, account: Any, submit: Any, fresh: Settings, tmp_path: Path
) -> None:
    before, run = board_of(client), client.get(f"/api/v1/runs/{judged}").json()
    carol, stop = account("Carol"), threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            submit(carol, bundle_of(name=f"meanwhile {number}"))
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        done = back_up(settings, tmp_path / "kept", now())
    finally:
        stop.set()
        writer.join()
    assert done.damaged == []
    assert restore(fresh, tmp_path / "kept", force=False).damaged == []
    with served(fresh) as again:
        ranked = [entry for entry in board_of(again) if entry["rank"]]
        assert ranked == [entry for entry in before if entry["rank"]]
        restored = again.get(f"/api/v1/runs/{judged}").json()
        assert {**restored, "reason": None} == {**run, "reason": None}
        for name in ("log", "trace"):
            assert again.get(f"/api/v1/runs/{judged}/{name}").content == client.get(f"/api/v1/runs/{judged}/{name}").content
        for entry in board_of(again):  # each bundle is there: every row of the snapshot has its blob
            assert again.get(f"/api/v1/submissions/{entry['submission']}").status_code == 200
        mark = again.put("/api/v1/submissions", content=bundle_of(name="after").to_zip(), headers=carol.headers)
        assert mark.status_code in (201, 401)  # Carol may have come after the snapshot; ids go on where they ended


def test_runs_that_name_each_other_are_restored(
    client: TestClient, settings: Settings, judged: str, fresh: Settings, sql: Any, tmp_path: Path
) -> None:
    first, last = (row[0] for row in sql("select min(id) from runs union all select max(id) from runs"))
    for one, other in ((first, last), (last, first)):
        sql(f"update runs set disputed_by_id = '{other}', flag = 'disputed: a test' where id = '{one}'")
    back_up(settings, tmp_path / "kept", now())
    restore(fresh, tmp_path / "kept", force=False)
    with served(fresh) as again:
        assert [again.get(f"/api/v1/runs/{run}").json()["disputed_by"] for run in (first, last)] == [last, first]


def test_everything_is_there_with_its_digest_and_for_this_user_alone(
    client: TestClient, settings: Settings, judged: str, fresh: Settings, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    back_up(settings, kept, now())
    manifest = read_manifest(kept)
    assert manifest["tables"]["submissions"]["rows"] == len(manifest["blobs"]) == 2
    modes = {path.stat().st_mode & 0o777 for path in kept.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert kept.stat().st_mode & 0o777 == 0o700
    restore(fresh, kept, force=False)
    assert (fresh.instance_secret(), fresh.signing_key()) == (settings.instance_secret(), settings.signing_key())
    assert {(fresh.data_dir / name).stat().st_mode & 0o777 for name in ("secret.key", "signing.key", "minjoule.db")} == {0o600}


def test_a_corrupted_and_a_missing_blob_are_named_and_the_rest_is_restored(
    client: TestClient, settings: Settings, judged: str, fresh: Settings, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    back_up(settings, kept, now())
    first, second = sorted(path for path in (kept / "blobs").glob("*/*"))
    first.write_bytes(b"rot")
    second.unlink()
    done = restore(fresh, kept, force=False)
    assert done.damaged == [f"blob {first.name} is damaged: its bytes have another digest", f"blob {second.name} is missing"]
    with served(fresh) as again:
        assert len(board_of(again)) == 2


def test_a_blob_that_was_bad_already_is_named_by_the_backup(client: TestClient, settings: Settings, judged: str, tmp_path: Path) -> None:
    bad = next((settings.data_dir / "blobs").glob("*/*"))
    bad.write_bytes(b"rot")
    assert back_up(settings, tmp_path / "kept", now()).damaged == [f"blob {bad.name} is damaged: its bytes have another digest"]


def test_changed_rows_or_keys_are_refused_before_anything_is_touched(
    client: TestClient, settings: Settings, judged: str, fresh: Settings, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    back_up(settings, kept, now())
    with (kept / "tables" / "runs.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(BackupError, match=r"tables/runs\.jsonl differ from the manifest"):
        restore(fresh, kept, force=True)
    assert not fresh.data_dir.exists()


def test_a_place_that_is_in_use_is_overwritten_by_force_alone(
    client: TestClient, settings: Settings, judged: str, account: Any, submit: Any, tmp_path: Path, database: Any
) -> None:
    kept = tmp_path / "kept"
    back_up(settings, kept, now())
    with pytest.raises(BackupError, match="isn't empty"):
        back_up(settings, kept, now())
    with pytest.raises(BackupError, match="would overwrite the tables"):
        restore(settings, kept, force=False)
    dave = account("Dave")
    submit(dave, bundle_of(name="lost by the restore"))
    before = len(board_of(client))
    database.close()
    client.app.state.database.close()  # type: ignore[attr-defined]
    restore(settings, kept, force=True)
    with served(settings) as again:
        assert len(board_of(again)) == before - 1
        assert again.get("/api/v1/me", headers=dave.headers).status_code == 401


def test_the_commands_say_what_they_did_and_the_export_holds_what_is_public(client: TestClient, judged: str, tmp_path: Path) -> None:
    kept, said = tmp_path / "kept", CliRunner()
    made = said.invoke(admin, ["backup", str(kept)])
    assert (made.exit_code, "2 blobs" in made.output) == (0, True)
    assert said.invoke(admin, ["backup", str(kept)]).exit_code == 2
    next((kept / "blobs").glob("*/*")).write_bytes(b"rot")
    assert said.invoke(admin, ["restore", str(kept)]).exit_code == 2
    assert said.invoke(admin, ["restore", str(tmp_path)]).exit_code == 2
    lines = [json.loads(line) for line in said.invoke(admin, ["export"]).stdout.splitlines()]
    kinds = [line["kind"] for line in lines]
    assert (kinds.count("entry"), kinds.count("run")) == (2, 6)
    assert {line["energy_uj"] for line in lines if line["kind"] == "run"} == {2_000_000, 4_000_000}
    assert not {"token_hash", "secret_hash", "password_hash", "mj_cli_", "mj_host_"} & set(
        re.findall(r"\w+_hash|mj_\w+?_", json.dumps(lines))
    )
