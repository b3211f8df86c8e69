"""What every command of ``minjoule-admin`` shares: one transaction, and errors told as sentences."""

from typing import Any

import typer

from server.db.session import Database
from server.domain.errors import ParticipantError
from server.settings import load_settings

CONSOLE = "console"  # whoever has a shell on the server, in the audit log


def within(work: Any) -> Any:
    """One transaction; errors as sentences."""
    database = Database(load_settings().database)
    try:
        with database.session() as session:
            return work(session)
    except ParticipantError as error:
        typer.echo(f"{error.message}: {error.hint}", err=True)
        raise typer.Exit(2) from None
    finally:
        database.close()
