"""``watch``, ``runs``, ``quota`` and ``board``: what became of it."""

import hashlib
import json
import sys
from typing import Annotated, Any

import typer

from minjoule import client
from minjoule.cli import show
from minjoule.client import Client

AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines.")]


def watch(run: Annotated[str, typer.Argument(help="The run's id.")], as_json: AsJson = False) -> None:
    """Follow a run until it's done."""
    ended = follow_one(Client(client.server_url()), run, as_json=as_json)
    if as_json:
        typer.echo(json.dumps(ended))
    raise typer.Exit(exit_code(ended))


def runs(limit: Annotated[int, typer.Option(min=1, max=200)] = 10, as_json: AsJson = False) -> None:
    """Your newest submissions, your team's among them, with their runs; and what is left of the quota."""
    credentials = client.load_credentials()
    api = Client(credentials.server, credentials.token)
    views = [api.get(f"/submissions/{brief['id']}") for brief in api.get("/submissions", mine="true", limit=limit)]
    me = api.get("/me")
    if as_json:
        typer.echo(json.dumps({"submissions": views} | accounts(me)))
        return
    for view in views:
        typer.echo(f"{view['id'][:12]}  {view['name']}  on {view['track']}")
        for each in view["runs"]:
            state = each["outcome"] or each["state"]
            typer.echo(f"    {each['id']}  {each['host_class']}  {state}  loss {show.loss(each['loss'])}  {show.bill(each)}")
    print_quota(me)


def quota(as_json: AsJson = False) -> None:
    """Runs and joules used within 24 hours, the limits, and when the next run is allowed; yours, and your team's."""
    credentials = client.load_credentials()
    me = Client(credentials.server, credentials.token).get("/me")
    if as_json:
        typer.echo(json.dumps(accounts(me)))
    else:
        print_quota(me)


def accounts(me: dict[str, Any]) -> dict[str, Any]:
    """One's own quota, and the team with its quota or null."""
    return {"quota": me["quota"], "team": me["team"]}


def print_quota(me: dict[str, Any]) -> None:
    """A line each."""
    typer.echo(show.quota_line("you", me["quota"]))
    if me["team"]:
        typer.echo(show.quota_line(f"team {printable(me['team']['name'])}", me["team"]["quota"]))


def board(
    track: Annotated[str, typer.Argument(help="The track's slug.")],
    host_class: Annotated[str, typer.Option(help="Which board; needed where the track has several.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    version: Annotated[int | None, typer.Option(min=1, help="A version of the ranking, as its permanent link names it.")] = None,
    as_json: AsJson = False,
) -> None:
    """A track's leaderboard, as it is or as it was."""
    api = Client(client.server_url())
    if not host_class:
        boards = api.get(f"/tracks/{track}")["boards"]
        if not boards:
            typer.echo(f"track {track} has no board yet: no host has been enrolled for it", err=True)
            raise typer.Exit(2)
        host_class = boards[0]["host_class"]
        if len(boards) > 1:
            typer.echo(f"showing {host_class}; others: {', '.join(each['host_class'] for each in boards[1:])} (--host-class)", err=True)
    place = f"/tracks/{track}/boards/{host_class}"
    if version is not None:
        print_version(api, f"{place}/versions/{version}", limit, as_json=as_json)
        return
    page = api.get(place, limit=limit)
    if as_json:
        typer.echo(json.dumps(page))
        return
    print_board(page)
    if page["version"]:
        typer.echo(f"version {page['version']['number']} of this ranking: {api.server}{place}/versions/{page['version']['number']}")


def print_version(api: Client, place: str, limit: int, *, as_json: bool) -> None:
    """A version: its own bytes with ``--json``, else a table, and the digest that was made of them here."""
    content = api.get_bytes(place)
    if as_json:
        sys.stdout.buffer.write(content)
        return
    page = json.loads(content)
    count = len(page["entries"])
    print_board(page | {"entries": page["entries"][:limit]})
    if count > limit:
        typer.echo(f"the first {limit} of {count} entries (--limit)")
    typer.echo(f"version {page['number']}, as it was from {page['at']} on: {api.server}{place}")
    typer.echo(f"sha256 {hashlib.sha256(content).hexdigest()}, made here of the {len(content)} bytes that came")


def replicate(
    submission: Annotated[str, typer.Argument(help="A submission's digest, or the first 8 digits of it.")],
    host_class: Annotated[str, typer.Argument(help="On which board.")],
    as_json: AsJson = False,
) -> None:
    """Have anybody's listed submission run again, from your own quota; a disagreement disputes it."""
    credentials = client.load_credentials()
    api = Client(credentials.server, credentials.token)
    queued = api.replicate(api.get(f"/submissions/{submission}")["id"], host_class)
    typer.echo(json.dumps({"runs": queued}) if as_json else f"queued {len(queued)} runs: {', '.join(queued)}")


def withdraw(
    submission: Annotated[str, typer.Argument(help="Your submission's digest, or the first 8 digits of it.")],
    reason: Annotated[str, typer.Option(help="Public; may be left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take your submission out of every board, for good; runs that wait cost nothing."""
    credentials = client.load_credentials()
    api = Client(credentials.server, credentials.token)
    count = api.withdraw(api.get(f"/submissions/{submission}")["id"], reason)
    typer.echo(json.dumps({"entries": count}) if as_json else f"withdrawn from {count} board{'s' if count != 1 else ''}")


def appeal(
    submission: Annotated[str, typer.Argument(help="Your submission's digest, or the first 8 digits of it.")],
    host_class: Annotated[str, typer.Argument(help="On which board.")],
    text: Annotated[str, typer.Argument(help="Why the decision is wrong; public.")],
    as_json: AsJson = False,
) -> None:
    """Object to a dispute, a disqualification, a flag or a hold of your entry."""
    credentials = client.load_credentials()
    api = Client(credentials.server, credentials.token)
    api.appeal(api.get(f"/submissions/{submission}")["id"], host_class, text)
    typer.echo(json.dumps({"appealed": True}) if as_json else "the appeal is open: the reply will be on the submission's page")


def print_board(page: dict[str, Any]) -> None:
    """As a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading = f"{page['title']} on {page['host_class']}: joules cover {show.boundary(page)}; target {page['target_loss']:g} {page['unit']}"
    table = Table(title=Text(heading), title_justify="left")
    for name, justify in (
        ("rank", "right"),
        ("entry", "left"),
        ("by", "left"),
        ("joules", "right"),
        ("train", "right"),
        ("scoring", "right"),
    ):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for name in ("loss", "runs", "status"):
        table.add_column(name)
    for row in page["entries"]:
        figures = [
            show.joules(row["energy_j"]) + show.doubt(row),
            show.joules(row["train_j"]),
            show.joules(row["score_j"]),
            show.loss(row["loss"]),
        ]
        rank = str(row["rank"]) if row["rank"] else "-"
        mark = f"{row['status']}, FLAGGED" if row["flags"] else row["status"]
        cells = [rank, row["name"], row["participant"], *figures, f"{row['runs_done']}/{row['runs_wanted']}", mark]
        table.add_row(*(Text(cell) for cell in cells))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    for row in page["entries"]:
        for said in (*show.beside(row), *show.flags(row)):
            typer.echo(printable(f"{row['name']}: {said}"))


def follow_one(api: Client, run_id: str, *, as_json: bool) -> dict[str, Any]:
    """Follow a run, telling each change on standard error; returns its last state."""
    last: dict[str, Any] = {}
    told, logged = "", ""
    for last in api.follow(run_id, lambda said: typer.echo(said, err=True)):
        line = show.run_line(last)
        if not as_json and line != told:
            typer.echo(line, err=True)
        if not as_json and last["log_tail"].startswith(logged) and len(last["log_tail"]) > len(logged):
            typer.echo("".join(f"  | {each}\n" for each in printable(last["log_tail"][len(logged) :]).splitlines()), nl=False, err=True)
        told, logged = line, last["log_tail"]
    return last


def printable(text: str) -> str:
    """A stranger's text without control characters: a terminal obeys them."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def exit_code(run: dict[str, Any]) -> int:
    """0 finished, 1 the entry failed, 3 void by our fault."""
    if run["state"] == "VOID":
        return 3
    return 0 if run["outcome"] == "FINISHED" else 1


COMMANDS = (watch, runs, quota, board, replicate, withdraw, appeal)
