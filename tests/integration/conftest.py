"""The whole platform as production runs it: a real Redis, uvicorn, the server's tasks with their beat, a worker; each a process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.config import Config
from redis import Redis

from minjoule import tracks as shipped
from minjoule.bundle import Bundle
from server import clock
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.launcher import Launcher, LaunchError, Process, free_port, redis_binary, start_redis, start_server
from server.participants import service as participants
from server.tracks import service as tracks
from tests.conftest import ROOT, lacking

HOST_CLASS = "unsandboxed"


@dataclass
class Stack:
    """The running processes, and a participant at the front door."""

    launcher: Launcher
    http: httpx.Client
    redis: Redis
    worker_environment: dict[str, str]

    def process(self, name: str) -> Process:
        """One of them, by name."""
        return next(each for each in self.launcher.processes if each.name == name)

    def pid(self, name: str) -> int:
        """Of a process that runs."""
        handle = self.process(name).handle
        assert handle is not None
        assert handle.poll() is None, f"{name} is dead"
        return handle.pid

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash or the kernel would; nobody starts it again until ``launcher.tend`` is called."""
        handle = self.process(name).handle
        assert handle is not None
        os.kill(handle.pid, signal.SIGKILL)
        handle.wait()

    def start_worker(self) -> None:
        """A worker on this machine."""
        self.launcher.start("worker", [sys.executable, "-m", "worker"], self.worker_environment)

    def dismiss(self, name: str) -> None:
        """Stop a process for good."""
        process = self.process(name)
        alone = Launcher(self.launcher.logs, print, [process])
        self.launcher.processes.remove(process)
        alone.stop()

    def submit(self, bundle: Bundle) -> list[str]:
        """Through the front door; the ids of its runs."""
        answer = self.http.put("/api/v1/submissions", content=bundle.to_zip())
        assert answer.status_code == 201, answer.text
        return [run["id"] for run in answer.json()["runs"]]

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as anybody sees it."""
        view: dict[str, Any] = self.http.get(f"/api/v1/runs/{run_id}").raise_for_status().json()
        return view

    def wait(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Until it holds; fails with the logs' ends otherwise."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                ends = {log.name: log.read_text()[-1500:] for log in sorted(self.launcher.logs.glob("*.log"))}
                pytest.fail(f"{what}: not within {seconds:g} s; logs: {ends}")
            time.sleep(0.05)

    def wait_until_final(self, run_ids: list[str], seconds: float = 90) -> list[dict[str, Any]]:
        """Every run DONE or VOID; gives them."""
        self.wait("every run is final", lambda: all(self.run(each)["state"] in ("DONE", "VOID") for each in run_ids), seconds)
        return [self.run(each) for each in run_ids]


def prepared(database: Database, boundary: str) -> tuple[str, str]:
    """Tracks, a participant's token, and an enrolment code for this machine."""
    with database.session() as session:
        for toml in shipped.shipped().values():
            tracks.apply_track(session, toml, clock.now())
        row = participants.sign_up(session, "alice", "a long password", clock.now())
        token = participants.issue_token(session, row.id, "test", clock.now(), 1)
        wanted = NewClass(HOST_CLASS, "this machine", boundary, True)
        return token, hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())


@pytest.fixture
def boundary() -> str:
    """What the host's joules cover."""
    return "modelled-cpu-time"


@pytest.fixture
def stack(tmp_path: Path, boundary: str) -> Iterator[Stack]:
    """Fresh and empty, on free ports; everything is stopped afterwards. The worker's boxes are local."""
    with running_stack(tmp_path, boundary) as running:
        yield running


@contextmanager
def running_stack(folder: Path, boundary: str, **settings: str) -> Iterator[Stack]:
    """The processes without a worker, its host enrolled; ``settings`` are the server's, by their environment names."""
    try:
        redis_binary()
    except LaunchError as error:
        lacking("redis", str(error))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    launcher = Launcher(folder / "logs", print)
    with pytest.MonkeyPatch.context() as patch:
        try:
            redis_url = start_redis(launcher, folder / "redis")
            environment = {"MINJOULE_DATA_DIR": str(folder / "data"), "MINJOULE_REDIS_URL": redis_url, "MINJOULE_PUBLIC_URL": url}
            environment["MINJOULE_DATABASE_URL"] = database_url = f"sqlite:///{folder / 'stack.db'}"
            environment |= settings
            for name, value in environment.items():
                patch.setenv(name, value)
            command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
            database = Database(database_url)
            token, code = prepared(database, boundary)
            database.close()
            start_server(launcher, environment, "127.0.0.1", port, folder)
            worker = {
                "MINJOULE_WORKER_DATA_DIR": str(folder / "worker"),
                "MINJOULE_WORKER_REDIS_URL": redis_url,
                "MINJOULE_WORKER_BOX": "local",
            }
            enrol = [sys.executable, "-m", "worker", "enrol", "--server", url, "--code", code, "--name", "test-host"]
            subprocess.run(enrol, env=os.environ | worker, check=True, capture_output=True)
            with (
                httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=10) as http,
                Redis.from_url(redis_url) as redis,
            ):
                yield Stack(launcher, http, redis, worker)
        finally:
            launcher.stop()
