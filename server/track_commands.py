"""``minjoule-admin track`` and ``dataset``: rules, seasons, calibration, and texts that can't be shipped."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from minjoule import browser_calibration, calibration
from minjoule import tracks as shipped_tracks
from minjoule.box import BoxFault
from minjoule.bundle import read_folder
from minjoule.entrypoints import WEBGPU
from minjoule.problems import importing, problem_of
from minjoule.problems.datasets import DatasetError
from server import clock
from server.organizers import seasons
from server.queue import CeleryHints
from server.settings import load_settings
from server.terminal import within
from server.tracks import service as tracks

EXAMPLES = Path(__file__).parents[1] / "starter_kit" / "examples"
MOST_BYTES = 1 << 20
track_app = typer.Typer(help="Apply and list tracks, and run their seasons.", no_args_is_help=True)
dataset_app = typer.Typer(help="Import data sets that can't be shipped.", no_args_is_help=True)


@track_app.command(name="apply")
def track_apply(file: Path, reason: Annotated[str, typer.Option(help="Why; public, and due where the change alters scores.")] = "") -> None:
    """Create or update a track from its TOML file."""
    text, hints = read_text(file), CeleryHints(load_settings().redis_url)
    change = within(lambda session: seasons.change_rules(session, hints, None, text, reason, clock.now()))
    rules = change.rules
    typer.echo(f"track {rules.slug}: target {rules.target_loss:g} {rules.unit}, {rules.runs} runs, rules version {rules.rules_version}")
    if change.altered:
        typer.echo(f"{', '.join(change.altered)} changed: {change.entries} live entries run anew")


def read_text(file: Path) -> str:
    """A small file of text; anything else ends the command with a sentence."""
    try:
        content = file.read_bytes() if file.stat().st_size <= MOST_BYTES else None
        if content is not None:
            return content.decode()
        said = f"{file} has {file.stat().st_size} bytes, at most {MOST_BYTES} are taken: is it a track's TOML file?"
    except OSError as error:
        said = f"{file} can't be read: {error.strerror}. Name a track's TOML file"
    except UnicodeDecodeError as error:
        said = f"{file} isn't UTF-8 (byte {error.start}): save it as UTF-8"
    typer.echo(said, err=True)
    raise typer.Exit(2)


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
    """Run baselines on fresh instances, UNSANDBOXED, and propose target, sigma and caps. A webgpu track's run in the local Chromium."""
    if slug not in shipped_tracks.shipped():
        typer.echo(f"there is no shipped track {slug!r}: they are {', '.join(shipped_tracks.shipped())}", err=True)
        raise typer.Exit(2)
    rules = shipped_tracks.parse_track(shipped_tracks.shipped()[slug])
    folders = entry or [each.parent for each in sorted(EXAMPLES.glob("*/entry.toml"))]
    mine = [folder for folder in folders if read_folder(folder).manifest.track == slug]
    if not mine:
        typer.echo(f"none of the folders holds an entry for track {slug}: name some by --entry", err=True)
        raise typer.Exit(2)
    baselines = []
    for folder in mine:
        baselines.append(tried(folder, rules, times))
        typer.echo(f"{folder.name}: loss {baselines[-1].mean:.4f}, scatter {baselines[-1].scatter:.4f} over {times} instances")
    said = calibration.log_of(rules, baselines, calibration.propose(baselines, rules.target_loss), f"{clock.now():%Y-%m-%d}")
    typer.echo(said)
    if log is not None:
        log.write_text(said, encoding="utf-8")


def tried(folder: Path, rules: shipped_tracks.TrackRules, times: int) -> calibration.Baseline:
    """A baseline's trials, in this process or in a browser."""
    if rules.image != WEBGPU:
        return calibration.try_out(folder, problem_of(rules).draw, times)
    tell = lambda said: typer.echo(f"{folder.name}: a void run is replaced: {said}", err=True)  # noqa: E731
    try:
        return browser_calibration.try_out(folder, rules, times, tell)
    except (BoxFault, browser_calibration.CalibrationError) as error:
        typer.echo(f"{folder.name} wasn't calibrated: {error}", err=True)
        raise typer.Exit(3) from None


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
