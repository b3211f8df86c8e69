"""``python -m worker``: judge; ``enrol``: become a host; ``doctor``: which meters this machine has."""

import json
import platform
from dataclasses import asdict
from typing import Annotated

import httpx
import typer

from minjoule.meter import MeterFault
from worker.app import make_app
from worker.bench import BenchError
from worker.host import facts
from worker.meters import Cabinet
from worker.meters.selection import candidates
from worker.settings import Credentials, NotEnrolledError, WorkerSettings, store_credentials

cli = typer.Typer(help="The worker of a metered host.", no_args_is_help=False)


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Judge until stopped."""
    if context.invoked_subcommand is not None:
        return
    try:
        app = make_app(WorkerSettings())
    except (NotEnrolledError, BenchError, MeterFault) as error:
        typer.echo(f"this host can't judge: {error}", err=True)
        raise typer.Exit(3) from None
    app.worker_main(["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat", "--pool=solo"])


@cli.command()
def enrol(server: str = typer.Option(...), code: str = typer.Option(...), name: str = typer.Option(platform.node())) -> None:
    """Use a one-time code; leaves the host's token in the worker's data folder."""
    settings = WorkerSettings()
    try:
        response = httpx.post(
            f"{server.rstrip('/')}/api/v1/host/enrolments", json={"code": code, "name": name, "facts": facts()}, timeout=10
        )
    except httpx.HTTPError as error:
        typer.echo(f"{server} isn't reachable: {error}", err=True)
        raise typer.Exit(3) from None
    if response.status_code != 201:
        typer.echo(f"{server} refused: {response.text}", err=True)
        raise typer.Exit(2)
    given = response.json()
    given.pop("host_id")
    store_credentials(settings, Credentials(server=server, **given))
    typer.echo(f"enrolled as {name} in host class {given['host_class']}; credentials in {settings.credentials_path}")


@cli.command()
def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Try every meter that this machine could have: what it is, or why not and what mends it."""
    settings = WorkerSettings()
    found = candidates(Cabinet(settings.meters_file, settings.powercap_root))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        typer.echo(f"{'ok  ' if each.accepted else 'no  '} {each.name}: {each.said}")


if __name__ == "__main__":
    cli()
