"""What must hold after every case, whatever was attacked."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import redis
from docker.errors import DockerException

from sandbox import cgroups
from sandbox.limits import NOBODY
from tests.attacks.arena import Arena, open_arena
from tests.attacks.grounds import Ground
from tests.attacks.spread import AGAIN, PAUSE_S, again_as_usual
from tests.conftest import lacking

KEYS = {"host.json", "host.key", "secret.key", "signing.key", "canary.txt"}
GROWTH_BYTES, GROWTH_FILES = 8 << 20, 200


@dataclass
class Watch:
    """What was there before the case, and what was stored since the last one."""

    arena: Arena
    engine: docker.DockerClient
    worker: int | None = None
    processes: set[int] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)
    room: tuple[int, int] = (0, 0)
    looked_ns: int = 0

    def before(self) -> None:
        """Note what is there, once the last honest entry has left."""
        self.arena.owner = self.arena.stranger()
        self.arena.wait_for("the worker idles", self._idle)
        self.worker = self._worker()
        self.processes, self.containers, self.room = self._descendants(), set(self._containers()), self._room()

    def after(self, runs: list[dict[str, Any]], used: bool) -> None:
        """Every invariant; ``runs`` are those of the case, ``used`` says that boxes were."""
        for run in runs:
            self.one_closed_result(run)
        self.idle_with_a_pair_alone(used)
        self.nothing_left_on_this_machine()
        self.no_secret_stored()
        self.honest_entry_as_usual()

    def one_closed_result(self, run: dict[str, Any]) -> None:
        """An entrant's act is never our fault: one attempt, one result, both its windows closed."""
        assert run["state"] == "DONE", run
        rows = self.arena.sql("select state, report_sha256 from attempts where run_id = ?", run["id"])
        assert [state for state, _ in rows] == ["REPORTED"], f"a fault, or a second result: {run['attempts']}"
        record = self.arena.http.get(f"/runs/{run['id']}/record").json()["record"]
        for window in filter(None, record["windows"].values()):
            assert int(window["begin_ns"]) < int(window["end_ns"]) <= time.monotonic_ns()

    def idle_with_a_pair_alone(self, used: bool) -> None:
        """The worker is the same process and holds no lock; of containers and groups there's a pair that was never used."""
        self.arena.wait_for("the worker idles", self._idle)
        assert self._worker() == self.worker, "the worker is another process"
        assert not used or not set(self._containers()) & self.containers, "a container of before the case is still there"
        tokens = {name.rpartition("-")[2] for name in self._containers().values()}
        groups = {name.rpartition("/")[2] for name in cgroups.leftovers(self.arena.label)}
        assert groups <= tokens, f"control groups without a container: {groups - tokens}"
        boxes = {path.name for path in (self.arena.stack.folder / "worker" / "boxes").iterdir()}
        assert boxes <= tokens, f"folders without a container: {boxes - tokens}"

    def nothing_left_on_this_machine(self) -> None:
        """No volume, network, process, file or room."""
        ours = {"filters": {"label": "minjoule.managed"}}
        assert not self.engine.volumes.list(**ours)
        assert not self.engine.networks.list(**ours)
        assert self._descendants() == self.processes
        assert not list((self.arena.stack.folder / "tmp").glob("minjoule-bundle-*"))
        strays = [path for base in ("/dev/shm", "/var/tmp") for path in Path(base).iterdir() if owner(path) == NOBODY]
        assert not strays, f"files of the box's user on the host: {strays}"
        assert not Path("/tmp/unpickled").exists()
        grown = [after - before for after, before in zip(self._room(), self.room, strict=True)]
        assert grown[0] <= GROWTH_BYTES, f"the platform's folder grew by {grown[0]} bytes"
        assert grown[1] <= GROWTH_FILES, f"the platform's folder grew by {grown[1]} files"

    def no_secret_stored(self) -> None:
        """In no byte that was written since the last look, nor in the broker."""
        since, self.looked_ns = self.looked_ns, time.time_ns()
        for path in self.arena.stack.folder.rglob("*"):
            if path.is_file() and path.name not in KEYS and path.stat().st_mtime_ns >= since:
                self._innocent(str(path), path.read_bytes())
        with redis.Redis.from_url(self.arena.stack.redis_url) as broker:
            for key in broker.keys("*"):
                self._innocent(f"redis {key!r}", broker.dump(key) or b"")

    def honest_entry_as_usual(self) -> None:
        """Its usual verdict, and a bill within what's usual; beyond that a few more are asked for, once. See ``spread``."""
        bill, known = self._honest_bill(), self.arena.usual
        if not known.holds(bill):
            time.sleep(PAUSE_S)
            again = [self._honest_bill() for _ in range(AGAIN)]
            assert again_as_usual(known, again), f"honest entries cost {[bill, *again]} uJ after this; {known.said()}"

    def _honest_bill(self) -> int:
        """Microjoules of one honest entry, with its usual verdict."""
        run = self.arena.honest()
        self.one_closed_result(run)
        assert (run["outcome"], run["loss"] < 0.01) == ("FINISHED", True), run
        self.arena.honest_uj.append(run["energy_uj"])
        return int(run["energy_uj"])

    def _innocent(self, where: str, content: bytes) -> None:
        for name, secret in self.arena.canaries.items():
            assert secret.encode() not in content, f"the {name} stands in {where}"

    def _idle(self) -> bool:
        with (self.arena.stack.folder / "worker" / "host.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return len(self._containers()) in (0, 2)  # none where the engine failed to start them: the next run makes its own

    def _containers(self) -> dict[str, str]:
        """Ids and names of this host's."""
        mine = {"label": [f"minjoule.host={self.arena.label}"]}
        return {each["Id"]: each["Names"][0] for each in self.engine.api.containers(all=True, filters=mine)}

    def _worker(self) -> int | None:
        handle = self.arena.stack.process("worker").handle
        return handle.pid if handle is not None and handle.poll() is None else None

    def _descendants(self) -> set[int]:
        """The platform's processes and all below them."""
        parents = dict(stat for entry in Path("/proc").glob("[0-9]*") if (stat := parent_of(entry)))
        known = {process.handle.pid for process in self.arena.stack.launcher.processes if process.handle}
        while found := {pid for pid, parent in parents.items() if parent in known} - known:
            known |= found
        return {pid for pid in known if pid in parents}

    def _room(self) -> tuple[int, int]:
        files = [path for path in self.arena.stack.folder.rglob("*") if path.is_file() and not path.name.startswith("minjoule.db")]
        return sum(path.stat().st_size for path in files if path.exists()), len(files)


def parent_of(entry: Path) -> tuple[int, int] | None:
    """A process and its parent; None if it's gone."""
    try:
        return int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def owner(path: Path) -> str:
    """``uid:gid`` of a file; empty if it's gone."""
    try:
        facts = path.lstat()
    except OSError:
        return ""
    return f"{facts.st_uid}:{facts.st_gid}"


@contextmanager
def watching(folder: Path, ground: Ground) -> Iterator[Watch]:
    """A platform under watch; skipped without Docker, or failed where that's required."""
    try:
        client = docker.from_env(timeout=10)
        client.ping()
    except DockerException:
        lacking("docker", "install docker.io and start it")
    arena = open_arena(folder, ground)
    yield Watch(arena, client)
    arena.close()
    client.close()
