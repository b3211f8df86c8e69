"""``minjoule-admin host``: enrol, list, revoke and calibrate judging machines."""

import re
import subprocess
import sys
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from minjoule import tracks as shipped_tracks
from server import audit, clock
from server.address import public_url
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.queue import CeleryHints
from server.runs import judging
from server.settings import load_settings
from server.terminal import CONSOLE, within

host_app = typer.Typer(help="Enrol, list and revoke hosts.", no_args_is_help=True)


@host_app.command(name="code")
def host_code(
    host_class: str,
    boundary: str = "modelled-cpu-time",
    title: str = "",
    unsandboxed: Annotated[bool, typer.Option(help="For `local` boxes on a loopback-only server.")] = False,
    promises_gpu: Annotated[bool, typer.Option(help="A browser's software adapter is a fault there, never a result.")] = False,
) -> None:
    """Make a one-time code that enrols a host of a class."""
    settings = load_settings()
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,59}", host_class) or boundary not in shipped_tracks.BOUNDARIES:
        typer.echo(f"host class {host_class!r} (lower case, digits, dots, hyphens) or boundary {boundary!r} isn't allowed", err=True)
        raise typer.Exit(2)
    wanted = NewClass(host_class, title or host_class, boundary, unsandboxed, promises_gpu)

    def issue(session: Session) -> str:
        audit.record(session, CONSOLE, "host_code_made", host_class, boundary, now=clock.now())
        return hosts.issue_code(session, wanted, loopback_only=settings.loopback_only, now=clock.now())

    code = within(issue)
    typer.echo(f"on the host, within an hour: python -m worker enrol --server {public_url(settings)} --code {code} --name NAME")


@host_app.command(name="list")
def host_list() -> None:
    """Every host."""
    for each in within(hosts.list_hosts):
        state = "revoked" if each.revoked_at else f"last seen {each.last_seen_at:%Y-%m-%d %H:%M:%S}" if each.last_seen_at else "never seen"
        typer.echo(f"{each.name}  {each.host_class}  {each.boundary}  {state}")


@host_app.command(name="revoke")
def host_revoke(name: str, why: Annotated[str, typer.Option(help="Shown at every run that it judged.")] = "no reason was given") -> None:
    """End a host's token, queue its open attempts again, and flag in public what it judged."""
    settings = load_settings()
    hints = CeleryHints(settings.redis_url)

    def revoke(session: Session) -> int:
        audit.record(session, CONSOLE, "host_revoked", name, why, now=clock.now())
        return judging.revoke_host(session, hints, name, clock.now(), why)

    typer.echo(f"revoked {name}; {within(revoke)} runs that it judged are flagged")


@host_app.command(name="calibrate", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def host_calibrate(context: typer.Context) -> None:
    """Calibrate this machine as a host: idle power, control workload, load pulses. Options as `python -m worker calibrate --help`."""
    command = [sys.executable, "-m", "worker", "calibrate", *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
