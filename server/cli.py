"""``minjoule-admin``: run the platform, and what organizers do from a terminal."""

import json
import platform as machine
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from alembic import command as alembic
from alembic.config import Config

from minjoule import tracks as shipped_tracks
from server import clock, demo, keeping
from server.address import note_address
from server.audit_commands import audit_app
from server.db.session import Database
from server.host_commands import host_app
from server.launcher import Launcher, LaunchError, start_redis, start_server
from server.participants import service as participants
from server.settings import Settings, load_settings
from server.terminal import within
from server.track_commands import dataset_app, track_app
from server.tracks import service as tracks

ROOT = Path(__file__).parents[1]
app = typer.Typer(help="Run and organize a minjoule platform.", no_args_is_help=True, pretty_exceptions_enable=False)
image_app = typer.Typer(help="Build the boxes' images.", no_args_is_help=True)
app.add_typer(host_app, name="host")
app.add_typer(track_app, name="track")
app.add_typer(image_app, name="image")
app.add_typer(dataset_app, name="dataset")
keeping.add_to(app)
app.add_typer(audit_app, name="audit")


def prepare_database(settings: Settings) -> None:
    """Migrate to the newest tables and apply the shipped tracks."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    alembic.upgrade(Config(str(ROOT / "alembic.ini")), "head")
    database = Database(settings.database)
    with database.session() as session:
        for text in shipped_tracks.shipped().values():
            tracks.apply_track(session, text, clock.now())
    database.close()


@app.command()
def migrate() -> None:
    """Bring the database to the newest tables, and apply the shipped tracks."""
    settings = load_settings()
    prepare_database(settings)
    typer.echo(f"{settings.database} is up to date; tracks: {', '.join(shipped_tracks.shipped())}")


@app.command()
def up(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Run web, tasks and (unless MINJOULE_REDIS_URL is set) Redis, until stopped. Workers join by `python -m worker`."""
    settings = load_settings()
    prepare_database(settings)
    launcher = Launcher(settings.data_dir / "logs", typer.echo)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        redis_url = settings.redis_url if "redis_url" in settings.model_fields_set else start_redis(launcher, settings.data_dir / "redis")
        environment = {"MINJOULE_REDIS_URL": redis_url, "MINJOULE_DATA_DIR": str(settings.data_dir)}
        if "public_url" not in settings.model_fields_set:
            environment["MINJOULE_PUBLIC_URL"] = note_address(settings.data_dir, host, port)
        start_server(launcher, environment, host, port, settings.data_dir)
        typer.echo(f"minjoule at http://{host}:{port}, queue at {redis_url}, logs in {launcher.logs}; Ctrl-C stops it")
        while True:
            launcher.tend()
            time.sleep(0.5)
    except KeyboardInterrupt:
        typer.echo("stopping")
    finally:
        launcher.stop()


@app.command(name="demo")
def run_demo(
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the boards.")] = False,
    port: int = 8000,
    box: Annotated[str, typer.Option(help="docker, local, or auto: Docker where an engine answers.")] = "auto",
) -> None:
    """The whole platform on this machine, with the starter kit's examples judged."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        raise typer.Exit(demo.play(ROOT, prepare_database, port=port, box=box, leave=leave))
    except LaunchError as error:
        typer.echo(f"the demo failed: {error}", err=True)
        raise typer.Exit(3) from None


@app.command()
def user(
    name: str,
    organizer: Annotated[bool, typer.Option(help="May review and enrol.")] = False,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Create an account."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    role = "organizer" if organizer else "participant"
    within(lambda session: participants.sign_up(session, name, password, clock.now(), role))
    typer.echo(f"created {role} {name}")


@image_app.command(name="build")
def image_build(name: Annotated[str, typer.Argument(help="python, torch or webgpu.")] = "python") -> None:
    """Build a box image on this machine."""
    raise typer.Exit(subprocess.run([sys.executable, "-m", "sandbox.images", "build", name], check=False).returncode)


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Check database, queue, Docker engine, and every meter that this machine could have as a host."""
    checks = demo.check_machine(load_settings())
    checks["python"] = {"ok": True, "said": machine.python_version()}
    checks |= check_meters()
    if as_json:
        typer.echo(json.dumps(checks))
    else:
        for name, check in checks.items():
            typer.echo(f"{'ok  ' if check['ok'] else 'MISS'} {name}: {check['said']}")
    raise typer.Exit(0 if checks["database"]["ok"] else 3)


def check_meters() -> dict[str, dict[str, Any]]:
    """The worker's own account of each candidate, from a process of its own: the server doesn't know instruments."""
    asked = subprocess.run([sys.executable, "-m", "worker", "doctor", "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        return {f"meter {each['name']}": {"ok": each["accepted"], "said": each["said"]} for each in json.loads(asked.stdout)}
    except ValueError:
        return {"meters": {"ok": False, "said": f"python -m worker doctor failed: {asked.stderr.strip()[-300:]}"}}
