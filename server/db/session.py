"""Sessions: commit at the edge, jobs after it. The only place that commits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

JOBS = "after_commit_jobs"


class Database:
    """An engine with our settings. SQLite: WAL, foreign keys, and BEGIN IMMEDIATE for whoever writes."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        options: dict[str, Any] = {} if self.sqlite else {"pool_pre_ping": True, "pool_size": 10}
        self.engine: Engine = create_engine(url, **options)
        if self.sqlite:
            event.listen(self.engine, "connect", prepare_sqlite)
            event.listen(self.engine, "begin", begin_sqlite)

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[Session]:
        """A transaction: commits when the block ends well, rolls back otherwise; then the after-commit jobs run."""
        bind = self.engine.execution_options(minjoule_read_only=read_only)
        with Session(bind, expire_on_commit=False) as session:
            yield session
            if read_only:
                return
            session.commit()
            jobs = session.info.pop(JOBS, [])
        for job in jobs:
            job()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def prepare_sqlite(connection: Any, _: Any) -> None:
    """Once a connection. ``isolation_level = None``: we say BEGIN ourselves."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Any) -> None:
    """A writer takes its lock at once: a deferred one would fail in the middle."""
    read_only = connection.get_execution_options().get("minjoule_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def after_commit(session: Session, job: Callable[[], None]) -> None:
    """Run ``job`` once this session's transaction has committed; never if it doesn't."""
    session.info.setdefault(JOBS, []).append(job)


def write_session(request: Request) -> Iterator[Session]:
    """A request's transaction; committed before the response leaves."""
    with request.app.state.database.session() as session:
        yield session


def read_session(request: Request) -> Iterator[Session]:
    """A request's read-only transaction."""
    with request.app.state.database.session(read_only=True) as session:
        yield session


WriteSession = Annotated[Session, Depends(write_session, scope="function")]
ReadSession = Annotated[Session, Depends(read_session, scope="function")]
