"""Backup and restore of everything that can't be made again: rows, blobs and keys, by digest. It knows no meaning.

One format for every database: the rows of one snapshot as JSON lines, so that a backup of PostgreSQL restores into SQLite and the other way
round. Blobs are content-addressed and written before the rows that name them, so copying them after the snapshot misses none.
"""

import base64
import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select, text

from server.blobs import BlobError, LocalBlobs
from server.db.session import Database
from server.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"
VERSION_TABLE = "alembic_version"
BATCH = 500


class BackupError(Exception):
    """It can't be done: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """What was kept. ``damaged`` names each blob that is missing or has other bytes than its name says."""

    revision: str
    rows: int
    blobs: int
    damaged: list[str] = field(default_factory=list)


def back_up(settings: Settings, dest: Path, now: dt.datetime) -> Account:
    """Into a new folder that only this user reads, while everything goes on. Raises BackupError."""
    if dest.exists() and any(dest.iterdir()):
        raise BackupError(f"{dest} isn't empty: name a new folder")
    aside = dest.with_name(f"{dest.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    with private():
        (aside / "tables").mkdir(parents=True)
        database = Database(settings.database)
        try:
            with snapshot(database) as connection:
                revision, tables, named = dump(connection, aside / "tables")
        finally:
            database.close()
        keys = {"secret.key": settings.instance_secret().decode(), "signing.key": settings.signing_key().hex()}
        for name, content in keys.items():
            (aside / name).write_text(content)
        blobs, damaged = copy_blobs(settings.data_dir / "blobs", aside / "blobs", named)
        digests = {name: digest(content.encode()) for name, content in keys.items()}
        manifest = {"format": FORMAT, "made_at": now.isoformat(), "revision": revision, "tables": tables, "keys": digests, "blobs": blobs}
        (aside / MANIFEST).write_text(json.dumps(manifest | {"damaged": damaged}, indent=1))
        if dest.exists():
            dest.rmdir()
        aside.rename(dest)
    return Account(revision, sum(each["rows"] for each in tables.values()), len(blobs), damaged)


@contextmanager
def private() -> Iterator[None]:
    """Whatever is made meanwhile is this user's alone: it holds the secret that draws the instances."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """One instant of the database, whoever writes meanwhile."""
    engine = database.engine.execution_options(minjoule_read_only=True)
    if not database.sqlite:
        engine = engine.execution_options(isolation_level="SERIALIZABLE")
    with engine.connect() as connection:
        yield connection


def reflected(connection: Connection) -> tuple[str, list[Table]]:
    """The revision, and every table of it, those that others refer to first. Raises BackupError."""
    metadata = MetaData()
    metadata.reflect(connection)
    if VERSION_TABLE not in metadata.tables:
        raise BackupError("there is no minjoule database here: `minjoule-admin migrate` makes one")
    revision = connection.scalar(select(metadata.tables[VERSION_TABLE].c.version_num))
    return str(revision), [table for table in metadata.sorted_tables if table.name != VERSION_TABLE]


def dump(connection: Connection, folder: Path) -> tuple[str, dict[str, dict[str, Any]], set[str]]:
    """Every row; returns the revision, each table's count and digest, and the blobs that rows name."""
    revision, tables = reflected(connection)
    told, named = {}, set()
    for table in tables:
        count, sha256 = 0, hashlib.sha256()
        with (folder / f"{table.name}.jsonl").open("wb") as out:
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
                line = (json.dumps({name: packed(value) for name, value in row.items()}) + "\n").encode()
                out.write(line)
                sha256.update(line)
                count += 1
                named.add(row.get("bundle_sha256"))
        told[table.name] = {"rows": count, "sha256": sha256.hexdigest()}
    return revision, told, {each for each in named if each}


def packed(value: Any) -> Any:
    """As JSON that says which type it was, where JSON hasn't got it."""
    if isinstance(value, bytes | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dt.datetime):
        return {"$at": (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()}
    return {"$json": value} if isinstance(value, dict | list) else value


def unpacked(value: Any) -> Any:
    """What ``packed`` was given; instants are aware, UTC."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "$bytes":
        return base64.b64decode(content)
    return dt.datetime.fromisoformat(content) if kind == "$at" else content


def copy_blobs(source: Path, target: Path, named: set[str]) -> tuple[dict[str, int], list[str]]:
    """Every blob whose bytes give its name: sizes by name; and the names of those that are damaged, or named by a row and missing."""
    here, there = LocalBlobs(source), LocalBlobs(target)
    found = {path.name for path in source.glob("??/*") if not path.name.startswith(".")}
    sizes, damaged = {}, []
    for name in sorted(found | named):
        try:
            content = here.get(name)
        except BlobError as error:
            damaged.append(str(error))
            continue
        there.put(content)
        sizes[name] = len(content)
    return sizes, damaged


def digest(content: bytes) -> str:
    """sha256, hex."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(source: Path) -> dict[str, Any]:
    """Its manifest, after rows and keys were checked against it. Raises BackupError."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
        due = {f"tables/{name}.jsonl": each["sha256"] for name, each in manifest["tables"].items()} | manifest["keys"]
        wrong = [name for name, sha256 in due.items() if file_digest(source / name) != sha256]
    except (OSError, ValueError, KeyError) as error:
        raise BackupError(f"{source} isn't a whole backup: {type(error).__name__}: {error}") from None
    if manifest["format"] != FORMAT:
        raise BackupError(f"{source} has format {manifest['format']}, this version reads {FORMAT}")
    if wrong:
        raise BackupError(f"{source} is damaged: {', '.join(wrong)} differ from the manifest; take another backup")
    return manifest


def file_digest(path: Path) -> str:
    """sha256 of a file, hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load(connection: Connection, source: Path) -> int:
    """Insert every row of a backup into empty tables of its revision; returns how many."""
    total, postgres = 0, connection.dialect.name == "postgresql"
    for table in reflected(connection)[1]:
        with (source / "tables" / f"{table.name}.jsonl").open(encoding="utf-8") as lines:
            own = {key.parent.name for key in table.foreign_keys if key.column.table is table}
            rows, referring = list[dict[str, Any]](), list[dict[str, Any]]()
            for line in lines:
                row = {name: fitting(unpacked(value), aware=postgres) for name, value in json.loads(line).items()}
                referring += [row] if any(row[name] is not None for name in own) else []
                rows.append(row | dict.fromkeys(own))
                total += 1
                if len(rows) == BATCH:
                    connection.execute(table.insert(), rows)
                    rows = []
            if rows:
                connection.execute(table.insert(), rows)
            for row in referring:  # to rows of the same table, before or after it: now all are there
                mine = [column == row[column.name] for column in table.primary_key.columns]
                connection.execute(table.update().where(*mine).values({name: row[name] for name in own}))
        if postgres and "id" in table.c and table.c.id.type.python_type is int:
            name = {"table": table.name}
            last = f'(select coalesce(max(id), 0) + 1 from "{table.name}")'  # noqa: S608 - a table's own name
            connection.execute(text(f"select setval(pg_get_serial_sequence(:table, 'id'), {last}, false)"), name)
    return total


def fitting(value: Any, *, aware: bool) -> Any:
    """SQLite keeps instants without a zone."""
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) and not aware else value
