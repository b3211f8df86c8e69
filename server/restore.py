"""``restore``: a backup becomes the platform's database, blobs and keys. Checks everything before it touches anything."""

from pathlib import Path
from typing import Any

from alembic import command as alembic
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from server.backup import Account, BackupError, copy_blobs, load, private, read_manifest
from server.db.session import Database
from server.settings import Settings

ROOT = Path(__file__).parents[1]


def restore(settings: Settings, source: Path, *, force: bool) -> Account:
    """Into an empty place, or with ``force`` in the place of what's there. Raises BackupError.

    A damaged blob doesn't keep the rest from being restored: the account names it.
    """
    manifest = read_manifest(source)
    if (full := what_is_there(settings)) and not force:
        raise BackupError(f"this would overwrite {full}: stop the server, and say --force if that is meant")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with private():
        rows = put_rows(settings, source, str(manifest["revision"]))
        for name in manifest["keys"]:
            path = settings.data_dir / name
            path.write_text((source / name).read_text())
            path.chmod(0o600)  # one that was there may be open to all
    _, damaged = copy_blobs(source / "blobs", settings.data_dir / "blobs", set(manifest["blobs"]))
    damaged += [each for each in manifest["damaged"] if each not in damaged]
    return Account(manifest["revision"], rows, len(manifest["blobs"]), damaged)


def what_is_there(settings: Settings) -> str:
    """What a restore would overwrite; empty if nothing."""
    database = Database(settings.database)
    try:
        path = sqlite_path(settings)
        if (path is None or path.exists()) and inspect(database.engine).get_table_names():
            return f"the tables of {settings.database.split('@')[-1]}"
    finally:
        database.close()
    there = [settings.data_dir / name for name in ("secret.key", "signing.key", "blobs") if (settings.data_dir / name).exists()]
    return ", ".join(map(str, there))


def put_rows(settings: Settings, source: Path, revision: str) -> int:
    """Empty tables of the backup's revision, its rows, then whatever migrations came since: in one transaction on PostgreSQL."""
    path = sqlite_path(settings)
    if path is not None:
        for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            each.unlink(missing_ok=True)
    database = Database(settings.database)
    config = Config(str(ROOT / "alembic.ini"))
    try:
        with database.engine.begin() as connection:
            if path is None:
                connection.execute(text("drop schema public cascade"))
                connection.execute(text("create schema public"))
            config.attributes["connection"] = connection
            upgrade(config, revision)
            rows = load(connection, source)
            alembic.upgrade(config, "head")
    finally:
        database.close()
    return rows


def upgrade(config: Config, revision: str) -> None:
    """Raises BackupError where this version doesn't know the revision."""
    try:
        alembic.upgrade(config, revision)
    except CommandError as error:
        raise BackupError(
            f"the backup's tables are of revision {revision}, which this version doesn't know ({error}): use a newer one"
        ) from None


def sqlite_path(settings: Settings) -> Path | None:
    """The database's file; None on PostgreSQL."""
    url: Any = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" else None
