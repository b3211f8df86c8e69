"""``minjoule-admin``: run the platform, and what organizers do from a terminal."""

import json
import math
import platform as machine
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy.orm import Session

from minjoule import calibration
from minjoule import tracks as shipped_tracks
from minjoule.bundle import read_folder
from minjoule.problems import importing, problem_of
from minjoule.problems.datasets import DatasetError
from server import audit, clock, demo, keeping
from server.db.session import Database
from server.domain.errors import ParticipantError
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.launcher import Launcher, LaunchError, start_redis, start_server
from server.organizers import seasons
from server.participants import service as participants
from server.queue import CeleryHints
from server.runs import judging
from server.settings import Settings, load_settings
from server.tracks import service as tracks

ROOT = Path(__file__).parents[1]
CONSOLE = "console"  # whoever has a shell on the server, in the audit log
app = typer.Typer(help="Run and organize a minjoule platform.", no_args_is_help=True, pretty_exceptions_enable=False)
host_app = typer.Typer(help="Enrol, list and revoke hosts.", no_args_is_help=True)
track_app = typer.Typer(help="Apply and list tracks.", no_args_is_help=True)
dataset_app = typer.Typer(help="Import data sets that can't be shipped.", no_args_is_help=True)
image_app = typer.Typer(help="Build the boxes' images.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=False)
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


@host_app.command(name="code")
def host_code(
    host_class: str,
    boundary: str = "modelled-cpu-time",
    title: str = "",
    unsandboxed: Annotated[bool, typer.Option(help="For `local` boxes on a loopback-only server.")] = False,
) -> None:
    """Make a one-time code that enrols a host of a class."""
    settings = load_settings()
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,59}", host_class) or boundary not in shipped_tracks.BOUNDARIES:
        typer.echo(f"host class {host_class!r} (lower case, digits, dots, hyphens) or boundary {boundary!r} isn't allowed", err=True)
        raise typer.Exit(2)
    wanted = NewClass(host_class, title or host_class, boundary, unsandboxed)

    def issue(session: Session) -> str:
        audit.record(session, CONSOLE, "host_code_made", host_class, boundary, now=clock.now())
        return hosts.issue_code(session, wanted, loopback_only=settings.loopback_only, now=clock.now())

    code = within(issue)
    typer.echo(f"on the host, within an hour: python -m worker enrol --server {settings.public_url} --code {code} --name NAME")


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


@track_app.command(name="apply")
def track_apply(file: Path, reason: Annotated[str, typer.Option(help="Why; public, and due where the change alters scores.")] = "") -> None:
    """Create or update a track from its TOML file."""
    text, hints = file.read_text(encoding="utf-8"), CeleryHints(load_settings().redis_url)
    change = within(lambda session: seasons.change_rules(session, hints, None, text, reason, clock.now()))
    rules = change.rules
    typer.echo(f"track {rules.slug}: target {rules.target_loss:g} {rules.unit}, {rules.runs} runs, rules version {rules.rules_version}")
    if change.altered:
        typer.echo(f"{', '.join(change.altered)} changed: {change.entries} live entries run anew")


@track_app.command(name="season")
def track_season(slug: str, until: datetime, since: Annotated[datetime | None, typer.Option(help="UTC; now, if left out.")] = None) -> None:
    """Open a track's next season, which takes submissions until that instant (UTC)."""
    now = clock.now()
    begin = since.replace(tzinfo=UTC) if since else now
    number = within(lambda session: seasons.open_season(session, None, slug, begin, until.replace(tzinfo=UTC), now))
    typer.echo(f"season {number} of track {slug} takes submissions from {begin:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M} UTC")


@track_app.command(name="close")
def track_close(slug: str) -> None:
    """Close a season that is past its deadline: fresh runs of each board's first ten, and sources by the track's rule."""
    hints = CeleryHints(load_settings().redis_url)
    fresh = within(lambda session: seasons.close_season(session, hints, None, slug, clock.now()))
    typer.echo(f"track {slug} is closed: {len(fresh)} fresh runs are queued for the first ten of its boards")


@track_app.command(name="list")
def track_list() -> None:
    """Every track."""
    for rules in within(tracks.list_tracks):
        typer.echo(f"{rules.slug}  target {rules.target_loss:g} {rules.unit}, {rules.runs} runs, image {rules.image}")


@track_app.command(name="calibrate")
def track_calibrate(
    slug: str,
    times: Annotated[int, typer.Option(min=2, max=1000, help="Fresh instances for each baseline.")] = 20,
    entry: Annotated[list[Path] | None, typer.Option(help="Folders of baselines; without any, the starter kit's examples.")] = None,
    log: Annotated[Path | None, typer.Option(help="Where to write the log, as Markdown.")] = None,
) -> None:
    """Run baselines on fresh instances, UNSANDBOXED in this process, and propose target, sigma and caps."""
    if slug not in shipped_tracks.shipped():
        typer.echo(f"there is no shipped track {slug!r}: they are {', '.join(shipped_tracks.shipped())}", err=True)
        raise typer.Exit(2)
    rules = shipped_tracks.parse_track(shipped_tracks.shipped()[slug])
    folders = entry or [each.parent for each in sorted((ROOT / "starter_kit" / "examples").glob("*/entry.toml"))]
    mine = [folder for folder in folders if read_folder(folder).manifest.track == slug]
    if not mine:
        typer.echo(f"none of the folders holds an entry for track {slug}: name some by --entry", err=True)
        raise typer.Exit(2)
    baselines = []
    for folder in mine:
        baselines.append(calibration.try_out(folder, problem_of(rules).draw, times))
        typer.echo(f"{folder.name}: loss {baselines[-1].mean:.4f}, scatter {baselines[-1].scatter:.4f} over {times} instances")
    said = calibration.log_of(rules, baselines, calibration.propose(baselines, rules.target_loss), f"{clock.now():%Y-%m-%d}")
    typer.echo(said)
    if log is not None:
        log.write_text(said, encoding="utf-8")


@dataset_app.command(name="import")
def dataset_import(
    name: str,
    files: list[Path],
    form: Annotated[str, typer.Option("--format", help="wikitext, jsonl or gpt2-bin.")] = "wikitext",
    vocabulary: Annotated[Path | None, typer.Option(help="GPT-2's encoder.json, for gpt2-bin.")] = None,
    limit_mb: Annotated[int, typer.Option(min=1, help="Stop after so many megabytes.")] = 1000,
) -> None:
    """Bring a text that can't be shipped onto this machine, for the tracks that name it. Every host of a class needs the same files."""
    try:
        found = importing.bring_in(name, files, form, limit_mb * 1_000_000, vocabulary)
    except DatasetError as error:
        typer.echo(f"nothing was imported: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{name}: {found.documents} documents, {found.size} bytes, sha256 {found.sha256}")
    if found.tokens:
        bits = importing.GPT2_NATS * found.tokens / found.size / math.log(2)
        typer.echo(
            f"{found.size / found.tokens:.3f} bytes a token: GPT-2 small's {importing.GPT2_NATS} nats a token are {bits:.4f} bits a byte"
        )


@image_app.command(name="build")
def image_build(name: str = "python") -> None:
    """Build a box image on this machine (`python` or `torch`)."""
    raise typer.Exit(subprocess.run([sys.executable, "-m", "sandbox.images", "build", name], check=False).returncode)


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
