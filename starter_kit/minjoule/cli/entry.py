"""``init``, ``try`` and ``submit``: from a template to the board."""

import json
import re
import secrets
import tempfile
import unicodedata
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer

from minjoule import client, entrypoints, tracks
from minjoule.bundle import Bundle, BundleError, read_folder
from minjoule.cli import look
from minjoule.client import Client, UnreachableError
from minjoule.local_box import LocalBoxes
from minjoule.tracks import TrackRules

AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines.")]
DEFAULT, DEFAULT_WEBGPU = "parity", "webgpu-digits"
Folder = Annotated[Path, typer.Argument(help="The folder with entry.toml.")]


def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    track: Annotated[str, typer.Option(help="The track to enter.")] = "",
    webgpu: Annotated[bool, typer.Option("--webgpu", help="WGSL in a browser: a template for a webgpu track.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start an entry from the template of a track's problem."""
    track = track or (DEFAULT_WEBGPU if webgpu else DEFAULT)
    rules = rules_of(track)
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is a file; nothing was written. Name a new folder")
    if webgpu and rules.image != entrypoints.WEBGPU:
        raise typer.BadParameter(
            f"track {track} runs {rules.image}, no browser: leave out --webgpu, or name a track such as {DEFAULT_WEBGPU}"
        )
    if folder.exists() and any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} isn't empty; nothing was written. Name a new folder")
    template = resources.files("minjoule").joinpath("templates", entrypoints.WEBGPU if rules.image == entrypoints.WEBGPU else rules.problem)
    folder.mkdir(parents=True, exist_ok=True)
    for file in template.iterdir():
        if file.is_file():
            (folder / file.name).write_text(
                file.read_text(encoding="utf-8").replace("@TRACK@", track).replace("@NAME@", folder.resolve().name)
            )
    said = f"made {folder} for track {track}. Next: `minjoule try {folder}`, then `minjoule submit {folder}`"
    typer.echo(json.dumps({"folder": str(folder), "track": track}) if as_json else said)


def try_(
    folder: Folder,
    key: Annotated[str, typer.Option(help="64 hexadecimal digits: draw this instance again.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="What train(seed=...) gets; random if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run an entry here, UNSANDBOXED: the judge's own harness, gate, scorer and bill."""
    bundle = read_folder(folder)
    rules = rules_of(bundle.manifest.track)
    if refused := entrypoints.refusal(rules.image, bundle.manifest.entrypoint):
        raise BundleError(refused)
    drawn = key_of(key) if key else secrets.token_bytes(32)
    given = secrets.randbits(63) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="minjoule-try-") as place, LocalBoxes() as boxes:
        boxes.start_ahead(rules.prelude, rules.caps.to_trial().train, rules.image)
        check_cap(bundle, rules)
        bundle.write_to(Path(place))
        from minjoule.cli.trying import carry_out, meter_of, verdict  # numpy: imported while the boxes import theirs

        result = carry_out(Path(place), bundle.manifest.entrypoint, rules, drawn, given, boxes, quiet=as_json)
    told = verdict(result, rules, drawn, given, meter_of(bundle.manifest.entrypoint).facts.boundary)
    if as_json:
        typer.echo(json.dumps(told))
    raise typer.Exit(0 if result.loss is not None else 1)


def key_of(text: str) -> bytes:
    """An instance's key. Raises BadParameter."""
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise typer.BadParameter(f"--key is {text[:80]!r}, {len(text)} characters; it must be 64 hexadecimal digits, as `try` prints them")
    return bytes.fromhex(text)


def submit(
    folder: Folder,
    team: Annotated[str, typer.Option(help="The name of your team, to submit in its name.")] = "",
    follow: Annotated[bool, typer.Option(help="Follow the runs until they're done.")] = True,
    as_json: AsJson = False,
) -> None:
    """Upload an entry and follow its runs live."""
    bundle = read_folder(folder)
    credentials = client.load_credentials()
    api = Client(credentials.server, credentials.token)
    answer = upload(api, bundle, team, quiet=as_json)
    if team and plain(answer["participant"]) != plain(team):
        said = f"nothing was queued: these very files were sent before, in the name of {look.printable(answer['participant'])}"
        typer.echo(f"{said}; change something to send them in the name of {look.printable(team)}", err=True)
        raise typer.Exit(2)
    if not as_json:
        where = f"{credentials.server}/submissions/{answer['id'][:12]}"
        whose = f" of {answer['participant']}" if team else ""
        typer.echo(f"submission {answer['id'][:12]}{whose} on track {answer['track']}, {len(answer['runs'])} runs: {where}")
    ended = [look.follow_one(api, run["id"], as_json=as_json) for run in answer["runs"]] if follow else []
    if as_json:
        typer.echo(
            json.dumps({"submission": answer["id"], "track": answer["track"], "runs": [brief(run) for run in ended or answer["runs"]]})
        )
    raise typer.Exit(max((look.exit_code(run) for run in ended), default=0))


def plain(name: str) -> str:
    """A name as the server tells names apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def brief(run: dict[str, Any]) -> dict[str, Any]:
    """What a machine wants to know of a run."""
    return {
        name: run.get(name)
        for name in ("id", "host_class", "boundary", "modelled", "index", "state", "outcome", "message", "loss", "energy_j")
    }


def upload(api: Client, bundle: Bundle, team: str, *, quiet: bool) -> dict[str, Any]:
    """Send the zip with a progress bar."""
    content = bundle.to_zip()
    if quiet:
        return api.submit(content, lambda sent: None, team)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"uploading {len(content)} bytes", total=len(content))
        return api.submit(content, lambda sent: progress.advance(bar, sent), team)


def rules_of(track: str) -> TrackRules:
    """A shipped track, or one that the server has. Raises BadParameter."""
    if text := tracks.shipped().get(track):
        return tracks.parse_track(text)
    try:
        described = Client(client.server_url()).get(f"/tracks/{track}")
    except UnreachableError as error:
        known = ", ".join(tracks.shipped())
        raise UnreachableError(f"{track!r} is none of the shipped tracks ({known}), so a server is asked for it: {error}") from None
    described.pop("boards")
    return tracks.track_from(described)


def check_cap(bundle: Bundle, rules: TrackRules) -> None:
    """The server would refuse it too."""
    if bundle.xz_bytes > rules.source_xz_bytes:
        typer.echo(
            f"warning: the source compresses to {bundle.xz_bytes} bytes, track {rules.slug} allows {rules.source_xz_bytes}", err=True
        )


COMMANDS = (init, try_, submit)
