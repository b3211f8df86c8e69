"""Migrations on each database: up, equal to the rows, down to nothing, up again."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from server.db.session import Database
from server.settings import Settings

CONFIG = Path(__file__).parents[2] / "alembic.ini"


def test_up_check_down_and_up_again(settings: Settings) -> None:
    config = Config(str(CONFIG))
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    database = Database(settings.database)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()
    command.upgrade(config, "head")
    command.check(config)


ROWS = (
    "insert into host_classes values ('test', 't', 'node-cpu', false, false, '2026-01-01')",
    "insert into hosts (id, name, host_class, token_hash, facts, enrolled_at) values (1, 'h', 'test', 'x', '{}', '2026-01-01')",
    "insert into participants values (1, 'Alice', 'alice', '', 'participant', '2026-01-01')",
    "insert into tracks values ('parity', 'p', 'parity', 0.3, 3, 1, '{}', '2026-01-01')",
    "insert into boards (id, track_slug, host_class, stale) values (1, 'parity', 'test', false)",
    "insert into submissions (id, digest, participant_id, track_slug, name, entrypoint, license, description, bundle_sha256, bundle_bytes,"
    " created_at) values (1, 'd', 1, 'parity', 'n', 'e', 'MIT', '', 'b', 1, '2026-01-01')",
    "insert into entries (id, board_id, submission_id, status, runs_done, runs_wanted, created_at)"
    " values (1, 1, 1, 'PROVISIONAL', 0, 3, '2026-01-01')",
    "insert into runs (id, entry_id, submission_id, participant_id, host_class, index, purpose, seed, state, epoch, queued_at)"
    " values ('r', 1, 1, 1, 'test', 0, 'listing', 1, 'RUNNING', 1, '2026-01-01')",
    "insert into attempts (id, run_id, epoch, host_id, state, claimed_at, heartbeat_at, phase, log_truncated, log)"
    " values (1, 'r', 1, 1, 'CLAIMED', '2026-01-01', '2026-01-01', 'train', false, '')",
)


def test_what_is_there_survives_the_rules_going_up_and_down(settings: Settings) -> None:
    config = Config(str(CONFIG))
    command.upgrade(config, "0004")
    database = Database(settings.database)
    with database.session() as session:
        for row in ROWS:
            session.execute(text(row.replace(" index,", ' "index",')))
    for step in (command.upgrade, command.downgrade):
        step(config, "0005" if step is command.upgrade else "0004")
        with database.session() as session:
            found = session.execute(
                text("select r.id, a.id, e.status from runs r join attempts a on a.run_id = r.id join entries e on e.id = 1")
            )
            assert [tuple(row) for row in found] == [("r", 1, "PROVISIONAL")]
    database.close()


RUNS = {
    "done": ("listing", "DONE", "'FINISHED'", 500, "null", False, "2026-01-01"),
    "queued": ("listing", "QUEUED", "null", None, "null", False, "2026-01-01"),
    "void": ("listing", "VOID", "null", 700, "null", False, "2026-01-01"),
    "instead": ("listing", "DONE", "'FINISHED'", 900, "'void'", False, "2026-01-02"),
    "duel": ("duel", "DONE", "'FINISHED'", 900, "null", False, "2026-01-01"),
    "again": ("replication", "DONE", "'FINISHED'", 40, "null", False, "2026-01-01"),
    "before": ("listing", "DONE", "'FINISHED'", 60, "null", True, "2026-01-01"),
    "anew": ("listing", "DONE", "'FINISHED'", 70, "null", False, "2026-01-03"),
}
"""Purpose, state, outcome, microjoules, what it replaces, superseded, queued at; the last two are of another entry."""


def test_the_ledger_begins_with_the_runs_that_count(settings: Settings) -> None:
    config = Config(str(CONFIG))
    command.upgrade(config, "0006")
    database = Database(settings.database)
    with database.session() as session:
        for row in ROWS[:-2]:
            named = "participants (id, name, name_key, password_hash, role, created_at) values"
            session.execute(text(row.replace("participants values", named)))
        other = "insert into submissions (id, digest, participant_id, track_slug, name, entrypoint, license, description, bundle_sha256,"
        session.execute(text(f"{other} bundle_bytes, created_at) values (2, 'e', 1, 'parity', 'n', 'e', 'MIT', '', 'b', 1, '2026-01-01')"))
        entry = "insert into entries (id, board_id, submission_id, status, runs_done, runs_wanted, created_at)"
        session.execute(text(f"{entry} values (2, 1, 2, 'PROVISIONAL', 0, 3, '2026-01-01')"))
        for number, (name, (purpose, state, outcome, energy_uj, replaces, superseded, at)) in enumerate(RUNS.items()):
            of, ended = (2 if name in ("before", "anew") else 1), ("'2026-01-04'" if state != "QUEUED" else "null")
            columns = 'id, entry_id, submission_id, participant_id, host_class, "index", purpose, seed, state, epoch, queued_at,'
            values = f"'{name}', {of}, {of}, 1, 'test', {number}, '{purpose}', 1, '{state}', 1, '{at}', {ended}, {outcome}"
            values += f", {energy_uj or 'null'}, {replaces}, {'true' if superseded else 'false'}"
            session.execute(
                text(f"insert into runs ({columns} finished_at, outcome, energy_uj, replaces_id, superseded) values ({values})")
            )
    command.upgrade(config, "0007")
    with database.session() as session:
        lines = session.execute(text("select run_id, kind, runs, energy_uj from quota_ledger order by run_id, kind"))
        assert [tuple(row) for row in lines] == [
            ("again", "bill", 0, 40),
            ("again", "debit", 1, 0),
            ("before", "bill", 0, 60),
            ("before", "debit", 1, 0),
            ("done", "bill", 0, 500),
            ("done", "debit", 1, 0),
            ("queued", "debit", 1, 0),
        ]
    command.downgrade(config, "0006")
    database.close()
