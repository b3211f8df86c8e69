"""The server's own Celery tasks: the sweep and the ranking. ``celery -A server.celery_app worker -B``.

Everything here could run late, twice or never again after a loss, and the database would still say the truth.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from celery.signals import worker_ready

from server import clock
from server.boards.service import stale_boards
from server.boards.tasks import rank_boards
from server.db.session import Database
from server.domain.hints import RANK, SERVER_QUEUE, SWEEP
from server.finals.tasks import tend_finals
from server.hosts.service import queue_users
from server.logs import configure, get_logger
from server.queue import CeleryHints, celery_client
from server.queue_users import keep_users
from server.records.tasks import follow_ranking, tend_duels
from server.runs.tasks import sweep_runs
from server.settings import Settings, load_settings
from server.watchdog import SILENT_S, Watchdog

SWEEP_EVERY_S = 2.0
log = get_logger()

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
    """In transactions of their own, each whatever became of the others."""
    each_alone({"runs": sweep_runs_once, "boards": rank, "duels": tend_duels_once, "finals": tend_finals_once, "users": keep_users_once})


def each_alone(steps: dict[str, Callable[[], Any]]) -> None:
    """All of them; what fails is told, holds up none of the others, and is raised at the end: one damaged row may not stop a platform."""
    failed: Exception | None = None
    for name, step in steps.items():
        try:
            step()
        except Exception as error:  # one of the two process loops
            log.error("sweep_step_failed", step=name, exc_info=error)
            failed = failed or error
    if failed is not None:
        raise failed


def sweep_runs_once() -> None:
    """Deadlines and lost hints."""
    with database().session() as session:
        sweep_runs(session, hints(), clock.now())


def tend_duels_once() -> None:
    """Duels and records."""
    with database().session() as session:
        tend_duels(session, hints(), clock.now())


def tend_finals_once() -> None:
    """Finals of closed seasons."""
    with database().session() as session:
        tend_finals(session, hints(), clock.now())


def keep_users_once() -> None:
    """Hosts' users of the queue."""
    with database().session(read_only=True) as session:
        users = queue_users(session, secret())
    keep_users(settings.redis_url, users)


@app.task(name=RANK)  # type: ignore[untyped-decorator]
def rank() -> Any:
    """Rank what is stale, board by board."""
    with database().session(read_only=True) as session:
        waiting = stale_boards(session)
    each_alone({f"board {board_id}": partial(rank_one, board_id) for board_id in waiting})


def rank_one(board_id: int) -> None:
    """A board, and what its standings ask for."""
    with database().session() as session:
        follow_ranking(session, hints(), rank_boards(session, clock.now(), board_id), clock.now())
