"""The whole platform as production runs it: Redis, web, tasks and a worker, each a process of its own, on free ports."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from alembic import command
from alembic.config import Config

from minjoule import tracks as shipped
from server import clock
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.launcher import Launcher, Process, free_port, start_redis, start_server
from server.participants import service as participants
from server.settings import Settings
from server.tracks import service as tracks

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "starter_kit" / "examples"


@dataclass
class Stack:
    """A running platform. ``box`` is docker or local."""

    url: str
    redis_url: str
    folder: Path
    launcher: Launcher
    environment: dict[str, str]
    token: str
    box: str

    def minjoule(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The entrant's command, logged in."""
        environment = os.environ | {"MINJOULE_SERVER": self.url, "MINJOULE_TOKEN": self.token, "XDG_CONFIG_HOME": str(self.folder)}
        line = [sys.executable, "-c", "from minjoule.cli import main; main()", *words]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=200)

    def submit(self, folder: Path) -> dict[str, Any]:
        """Submit without following; the parsed answer."""
        done = self.minjoule("submit", str(folder), "--no-follow", "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def get(self, path: str) -> Any:
        """JSON of the API."""
        return httpx.get(f"{self.url}/api/v1{path}", timeout=30).json()

    def wait(self, what: str, ready: Callable[[], Any], seconds: float = 90) -> Any:
        """The first true answer of ``ready``; what dies meanwhile is started again, as in production."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := ready():
                return answer
            self.launcher.tend()
            time.sleep(0.05)
        raise AssertionError(f"{what} didn't come within {seconds} s; logs in {self.folder}/logs")

    def wait_done(self, submitted: dict[str, Any], seconds: float = 90) -> list[dict[str, Any]]:
        """Every run of a submission, final."""

        def ends() -> list[dict[str, Any]] | None:
            runs = [self.get(f"/runs/{run['id']}") for run in submitted["runs"]]
            return runs if all(run["state"] in ("DONE", "VOID") for run in runs) else None

        runs: list[dict[str, Any]] = self.wait(f"the end of {submitted['submission'][:8]}", ends, seconds)
        return runs

    def process(self, name: str) -> Process:
        """One of the processes."""
        return next(process for process in self.launcher.processes if process.name == name)

    def start_worker(self) -> Process:
        """A worker with this host's credentials."""
        return self.launcher.start("worker", [sys.executable, "-m", "worker"], self.environment)


def start_stack(
    folder: Path,
    box: str,
    *,
    worker: bool = True,
    host_class: str | None = None,
    toml: str | None = None,
    boundary: str = "modelled-cpu-time",
    device: str = "",
    **settings_of_server: str,
) -> Stack:
    """Everything, enrolled, with an account; settings by their environment names.

    ``toml``: a track of the test's own; ``device``: the DevTools address of a browser that the host judges on.
    """
    launcher = Launcher(folder / "logs", lambda line: None)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    redis_url = start_redis(launcher, folder / "redis")
    environment = {
        "MINJOULE_DATA_DIR": str(folder),
        "MINJOULE_REDIS_URL": redis_url,
        "MINJOULE_PUBLIC_URL": url,
        "MINJOULE_DATABASE_URL": f"sqlite:///{folder / 'minjoule.db'}",
        "MINJOULE_UPLOADS_PER_MINUTE": "1000",
        "MINJOULE_WORKER_DATA_DIR": str(folder / "worker"),
        "MINJOULE_WORKER_REDIS_URL": redis_url,
        "MINJOULE_WORKER_BOX": box,
    } | settings_of_server
    database, settings = Database(environment["MINJOULE_DATABASE_URL"]), Settings(data_dir=folder)
    config = Config(str(ROOT / "alembic.ini"))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    settings.instance_secret()
    with database.session() as session:
        for content in [toml] if toml else shipped.shipped().values():
            tracks.apply_track(session, content, clock.now())
        row = participants.sign_up(session, "Alice", "a long password", clock.now())
        token = participants.issue_token(session, row.id, "test", clock.now(), 1)
        name = host_class or f"test-{box}-{secrets.token_hex(3)}"
        code = hosts.issue_code(session, NewClass(name, "a test", boundary, box == "local"), loopback_only=True, now=clock.now())
    database.close()
    start_server(launcher, environment, "127.0.0.1", port, folder)
    stack = Stack(url, redis_url, folder, launcher, environment, token, box)
    enrol = [sys.executable, "-m", "worker", "enrol", "--server", url, "--code", code, "--name", f"host-{box}"]
    enrol += ["--device", device, "--battery", "none"] if device else []
    subprocess.run(enrol, env=os.environ | environment, check=True, capture_output=True)
    if worker:
        stack.start_worker()
    return stack


def with_values(toml: str, values: dict[str, str]) -> str:
    """A track file with other values for these keys."""
    for key, value in values.items():
        toml, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", toml)
        assert found == 1, f"{key} stands {found} times in the track"
    return toml
