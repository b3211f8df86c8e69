"""``verify``: is a published result what its host measured?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from minjoule import client
from minjoule.client import Client

RECORD, TRACE, LOG, RUN = "record.json", "trace.json.gz", "log", "run.json"
FILES = (RECORD, TRACE, LOG, RUN)


def verify(
    run: Annotated[str, typer.Argument(help="A run's id, or the folder that --save made.")],
    save: Annotated[Path | None, typer.Option(help="Keep what was checked in this folder, for a check without the server.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check a run's signatures and digests, and add up its joules again from the raw readings."""
    folder = Path(run)
    files = read_saved(folder) if folder.is_dir() else fetch(Client(client.server_url()), run)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (save / name).write_bytes(content)
    checks = look(files)
    if as_json:
        typer.echo(json.dumps({"ok": all(each["ok"] for each in checks), "checks": checks}))
    else:
        for each in checks:
            typer.echo(f"{'ok  ' if each['ok'] else 'FAIL'} {each['name']}: {each['said']}")
    if not all(each["ok"] for each in checks):
        raise typer.Exit(1)


def fetch(api: Client, run: str) -> dict[str, bytes]:
    """Everything from the server, as it came."""
    paths = {RECORD: f"/runs/{run}/record", TRACE: f"/runs/{run}/trace", LOG: f"/runs/{run}/log", RUN: f"/runs/{run}"}
    return {name: api.get_bytes(path) for name, path in paths.items()}


def read_saved(folder: Path) -> dict[str, bytes]:
    """Everything from a folder. Raises BadParameter."""
    try:
        return {name: (folder / name).read_bytes() for name in FILES}
    except OSError as error:
        raise typer.BadParameter(f"{folder} lacks {error.filename}: `minjoule verify RUN --save {folder}` makes it") from None


def look(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Every check as an object; a file that can't be read is a check that failed."""
    from minjoule import record  # its imports take a moment that other commands need not wait for

    parsed = {}
    for name in (RECORD, RUN):
        try:
            parsed[name] = json.loads(files[name])
        except (ValueError, RecursionError) as error:
            return [{"name": name.removesuffix(".json"), "ok": False, "said": f"no JSON: {error}"}]
    found = record.verify(parsed[RECORD], files[TRACE], files[LOG], parsed[RUN])
    return [{"name": each.name, "ok": each.ok, "said": each.said} for each in found]


COMMANDS = (verify,)
