"""A platform under attack: the stack of ``tests.stack`` with Docker boxes, a track with small caps, and secrets that must stay in."""

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from sandbox.lifetime import LABEL_FILE
from server import clock
from server.db.session import Database
from server.participants import service as participants
from server.tracks import service as tracks
from tests.attacks.grounds import Ground
from tests.attacks.spread import Usual, usual
from tests.stack import Stack, start_stack
from worker.settings import Credentials

QUOTA = 12  # a day; every case has an account of its own


@dataclass
class Arena:
    """See the module's docstring. ``usual_uj`` are the bills of honest entries before any attack."""

    ground: Ground
    stack: Stack
    canaries: dict[str, str]
    owner: dict[str, str]
    usual_uj: list[int] = field(default_factory=list)
    honest_uj: list[int] = field(default_factory=list)

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.stack.url}/api/v1", timeout=30)

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials.model_validate_json((self.stack.folder / "worker" / "host.json").read_text())

    @cached_property
    def host(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.credentials.token}"}

    @cached_property
    def usual(self) -> Usual:
        """What an honest entry costs, and how far that strays."""
        return usual(self.usual_uj)

    @property
    def label(self) -> str:
        """Of this host's containers and groups."""
        return (self.stack.folder / "worker" / LABEL_FILE).read_text()

    def put(self, body: Any, **more: Any) -> httpx.Response:
        """Knock at the front door."""
        return self.http.put("/submissions", content=body, headers=self.owner, **more)

    def run(self, bundle: bytes) -> dict[str, Any]:
        """Submit; its one run, final."""
        return self.final(self.submit(bundle))

    def submit(self, bundle: bytes) -> str:
        """The one run of a fresh submission."""
        answer = self.put(bundle)
        assert answer.status_code == 201, answer.text
        (run,) = answer.json()["runs"]
        return str(run["id"])

    def final(self, run: str, seconds: float | None = None) -> dict[str, Any]:
        """The run, once it has ended; within the ground's time, if none is given."""
        seconds = seconds or self.ground.seconds
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view: dict[str, Any] = self.http.get(f"/runs/{run}").json()
            if view["state"] in ("DONE", "VOID"):
                return view
            time.sleep(0.02)
        raise AssertionError(f"run {run} is {view['state']} after {seconds} s: {view['attempts']}; logs in {self.stack.folder}/logs")

    def honest(self) -> dict[str, Any]:
        """An honest entry's run."""
        return self.run(self.ground.honest(secrets.token_hex(8)))

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database past the server."""
        with sqlite3.connect(f"file:{self.stack.folder / 'minjoule.db'}?mode=ro", uri=True) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def counts(self) -> dict[str, int]:
        """Rows of what a submission leaves."""
        return {name: self.sql(f"select count(*) from {name}")[0][0] for name in ("submissions", "entries", "runs", "attempts")}

    def stranger(self) -> dict[str, str]:
        """A fresh account, with the whole day's quota before it."""
        with contextlib.closing(Database(self.stack.environment["MINJOULE_DATABASE_URL"])) as database, database.session() as session:
            row = participants.sign_up(session, f"Stranger {secrets.token_hex(4)}", secrets.token_hex(8), clock.now())
            token = participants.issue_token(session, row.id, "test", clock.now(), 1)
        return {"authorization": f"Bearer {token}"}

    def wait_for(self, what: str, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Until it's so."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.02)

    def close(self) -> None:
        """Stop everything."""
        self.http.close()
        self.stack.launcher.stop()


def open_arena(folder: Path, ground: Ground) -> Arena:
    """Start everything and learn what is usual."""
    temporary = folder / "tmp"
    temporary.mkdir()
    canaries = {"server secret": secrets.token_hex(24), "environment": secrets.token_hex(24), "file": secrets.token_hex(24)}
    (folder / "canary.txt").write_text(canaries["file"])
    settings = {"SECRET_KEY": canaries["server secret"], "CANARY": canaries["environment"], "UPLOADS_PER_MINUTE": "1000"}
    settings |= {"QUOTA_RUNS_PER_DAY": str(QUOTA), "LINEAGE_RUNS_PER_DAY": "10000", "BODY_S": "2"}
    more = {f"MINJOULE_{name}": value for name, value in settings.items()}
    stack = start_stack(folder, "docker", TMPDIR=str(temporary), **more)
    database = Database(stack.environment["MINJOULE_DATABASE_URL"])
    with database.session() as session:
        for track in ground.tracks():
            tracks.apply_track(session, track, clock.now())
    database.close()
    arena = Arena(ground, stack, canaries, {"authorization": f"Bearer {stack.token}"})
    canaries["host token"] = arena.credentials.token
    canaries["host key"] = (folder / "worker" / "host.key").read_text().strip()
    canaries["signing key"] = (folder / "signing.key").read_text().strip()
    arena.honest()  # the first pair is a cold one
    for number in range(ground.baseline):
        if number % (QUOTA - 1) == 0:
            arena.owner = arena.stranger()
        arena.usual_uj.append(arena.honest()["energy_uj"])
    return arena
