"""``minjoule-admin backup``, ``restore`` and ``export``."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from server import clock
from server.backup import Account, BackupError, back_up
from server.db.session import Database
from server.export import public_lines
from server.restore import restore
from server.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(name="backup")(make_backup)
    app.command(name="restore")(make_restore)
    app.command(name="export")(make_export)


def make_backup(dest: Annotated[Path, typer.Argument(help="A new folder; it holds the keys, so keep it as you keep them.")]) -> None:
    """Copy database, blobs and keys, while everything runs."""
    try:
        done = back_up(load_settings(), dest, clock.now())
    except BackupError as error:
        fail(str(error), 2)
    typer.echo(f"{done.rows} rows of revision {done.revision} and {done.blobs} blobs are in {dest}")
    tell_damage(done)


def make_restore(
    source: Path,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there. Stop the server first.")] = False,
) -> None:
    """Put a backup in the place of database, blobs and keys."""
    settings = load_settings()
    try:
        done = restore(settings, source, force=force)
    except BackupError as error:
        fail(str(error), 2)
    typer.echo(
        f"{done.rows} rows and {done.blobs} blobs of {source} are restored into {settings.database.split('@')[-1]}, {settings.data_dir}"
    )
    tell_damage(done)


def make_export() -> None:
    """What the public may see, as JSON lines: boards with their entries, runs, signed records."""
    settings = load_settings()
    database = Database(settings.database)
    try:
        with database.session(read_only=True) as session:
            for line in public_lines(session, settings, clock.now()):
                typer.echo(line)
    except BrokenPipeError:  # whoever read has enough: `export | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        database.close()


def tell_damage(done: Account) -> None:
    """Each blob that isn't whole; exit code 3 then."""
    if done.damaged:
        fail("\n".join(["not everything is whole:", *done.damaged]), 3)


def fail(message: str, code: int) -> NoReturn:
    """Raises typer.Exit."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
