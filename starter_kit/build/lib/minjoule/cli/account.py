"""``login`` and ``doctor``: who am I, and does everything work."""

import json
import platform
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from minjoule import client
from minjoule.client import Client, Credentials, CredentialsError, RefusedError, UnreachableError


def login(
    server: Annotated[str, typer.Option(help="The platform's address.")] = "http://127.0.0.1:8000",
    name: Annotated[str, typer.Option(help="Your account's name; the password is asked for.")] = "",
    token: Annotated[str, typer.Option(help="An API token from your page, instead of name and password.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Store a token for a server, after trying it."""
    if not token:
        name = name or typer.prompt("Name")
        password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
        token = Client(server).create_token(name, password, platform.node()[:40] or "command line")
    me = Client(server, token).get("/me")
    path = client.store_credentials(Credentials(server, token))
    if as_json:
        typer.echo(json.dumps({"server": server, "name": me["name"], "credentials": str(path)}))
    else:
        typer.echo(f"logged in to {server} as {me['name']}; {me['runs_left_today']} runs left today; token in {path}")


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Check what `try` and `submit` need; says what to do about what is missing."""
    checks = [check_python(), check_system(), check_data(), *check_server()]
    if as_json:
        typer.echo(json.dumps({"ok": all(check["ok"] for check in checks), "checks": checks}))
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check['ok'] else 'MISS'} {check['name']}: {check['said']}")
    if not all(check["ok"] for check in checks):
        raise typer.Exit(2)


def found(name: str, ok: bool, said: str) -> dict[str, Any]:
    """One check's result."""
    return {"name": name, "ok": ok, "said": said}


def check_python() -> dict[str, Any]:
    """3.11 to 3.13."""
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return found("python", ok, platform.python_version() + ("" if ok else ": 3.11 to 3.13 are supported, install one of them"))


def check_system() -> dict[str, Any]:
    """``try`` accounts for CPU time the Linux way."""
    ok = sys.platform.startswith("linux") and Path("/proc/self/task").is_dir()
    return found(
        "try",
        ok,
        "the local box works here, UNSANDBOXED" if ok else f"`minjoule try` needs Linux, this is {sys.platform}: use a Linux machine",
    )


def check_data() -> dict[str, Any]:
    """The pinned data sets are there."""
    from minjoule.problems import datasets

    try:
        datasets.digits()
        datasets.kjv()
    except (datasets.DatasetError, ImportError, OSError) as error:
        return found("data", False, str(error))
    return found("data", True, "digits and kjv are the pinned bytes")


def check_server() -> list[dict[str, Any]]:
    """Reachable, and the token holds."""
    url = client.server_url()
    try:
        Client(url).get("/tracks")
    except (UnreachableError, RefusedError) as error:
        return [found("server", False, str(error))]
    reached = found("server", True, f"{url} answers")
    try:
        me = Client(url, client.load_credentials().token).get("/me")
    except (CredentialsError, RefusedError, UnreachableError) as error:
        return [reached, found("token", False, str(error))]
    return [reached, found("token", True, f"it's {me['name']}'s, {me['runs_left_today']} runs left today")]


COMMANDS = (login, doctor)
