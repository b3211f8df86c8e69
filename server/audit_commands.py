"""``minjoule-admin audit``: print the audit log and verify its chain."""

import json
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from server import audit
from server.terminal import within

audit_app = typer.Typer(help="The audit log.", no_args_is_help=False)


@audit_app.callback(invoke_without_command=True)
def show_audit(
    context: typer.Context,
    contains: Annotated[str, typer.Option(help="A digest noted earlier, which must stand in the chain.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print the audit log and verify its chain; note the last digest elsewhere to see later whether the log was cut."""
    if context.invoked_subcommand is None:
        within(lambda session: print_acts(session, as_json))
        verify_audit(contains, as_json)


@audit_app.command(name="verify")
def audit_verify(contains: Annotated[str, typer.Option(help="A digest noted earlier, which must stand in the chain.")] = "") -> None:
    """Verify the chain of the audit log without printing its acts."""
    verify_audit(contains, False)


def verify_audit(contains: str, as_json: bool) -> None:
    """Exits 3 where the chain doesn't hold."""
    try:
        chain = within(lambda session: audit.verify(session, contains))
    except audit.BrokenChainError as error:
        typer.echo(f"the audit log does not hold: {error}", err=True)
        raise typer.Exit(3) from None
    typer.echo(f"the chain of {chain.acts} acts holds; the last digest is {chain.head}", err=as_json)


def print_acts(session: Session, as_json: bool) -> None:
    """One line an act."""
    for row in audit.acts(session):
        fields = {"seq": row.seq, "at": row.at.isoformat(), "actor": row.actor, "act": row.act, "subject": row.subject}
        fields |= {"detail": row.detail, "digest": row.digest}
        typer.echo(json.dumps(fields) if as_json else "  ".join(str(each) for each in (*list(fields.values())[:-1], row.digest[:16])))
