"""The server's own Celery tasks: the sweep and the ranking. ``celery -A server.celery_app worker -B``.

Everything here could run late, twice or never again after a loss, and the database would still say the truth.
"""

from functools import cache
from typing import Any

from celery.signals import worker_ready

from server import clock
from server.boards.tasks import rank_boards
from server.db.session import Database
from server.domain.hints import RANK, SERVER_QUEUE, SWEEP
from server.finals.tasks import tend_finals
from server.hosts.service import queue_users
from server.logs import configure
from server.queue import CeleryHints, celery_client
from server.queue_users import keep_users
from server.records.tasks import follow_ranking, tend_duels
from server.runs.tasks import sweep_runs
from server.settings import Settings, load_settings
from server.watchdog import SILENT_S, Watchdog

SWEEP_EVERY_S = 2.0

settings = load_settings()
configure(settings.log_level)
app = celery_client(settings.redis_url)
app.conf.beat_schedule = {"sweep": {"task": SWEEP, "schedule": SWEEP_EVERY_S, "options": {"queue": SERVER_QUEUE, "expires": 5}}}
watchdog = Watchdog(SILENT_S)
worker_ready.connect(lambda **_: watchdog.start(), weak=False)


@cache
def database() -> Database:
    """This process's database."""
    return Database(load_settings().database)


@cache
def hints() -> CeleryHints:
    """This process's way to send hints."""
    chosen: Settings = load_settings()
    return CeleryHints(chosen.redis_url)


@cache
def secret() -> bytes:
    """The server's."""
    return load_settings().instance_secret()


@app.task(name=SWEEP)  # type: ignore[untyped-decorator]
def sweep() -> Any:
    """Every deadline, every lost hint, every stale board."""
    with watchdog.working():
        sweep_all()


def sweep_all() -> None:
    """In transactions of their own."""
    with database().session() as session:
        sweep_runs(session, hints(), clock.now())
    rank()
    with database().session() as session:
        tend_duels(session, hints(), clock.now())
    with database().session() as session:
        tend_finals(session, hints(), clock.now())
    with database().session(read_only=True) as session:
        users = queue_users(session, secret())
    keep_users(settings.redis_url, users)


@app.task(name=RANK)  # type: ignore[untyped-decorator]
def rank() -> Any:
    """Rank what is stale."""
    with database().session() as session:
        follow_ranking(session, hints(), rank_boards(session, clock.now()), clock.now())
