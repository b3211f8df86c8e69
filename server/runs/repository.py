"""Rows of runs and attempts, and the conditional updates that claim and end them."""

import datetime as dt
from typing import Any

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session, undefer

from server.db.rows import AttemptRow, BoardRow, EntryRow, HostClassRow, HostRow, RunRow, SubmissionRow
from server.domain.run import RunState


def change_state(session: Session, run: RunRow, at_epoch: int, to: RunState, **values: Any) -> bool:
    """Move a run on, if it still stands where it stood (state and epoch). False if somebody else moved it."""
    query = update(RunRow).where(RunRow.id == run.id, RunRow.state == run.state, RunRow.epoch == at_epoch)
    result = session.execute(query.values(state=to, **values).execution_options(synchronize_session="fetch"))
    return isinstance(result, CursorResult) and result.rowcount == 1


def next_queued(session: Session, host_class: str, limit: int = 8) -> list[RunRow]:
    """Who is next: everybody's first runs before anybody's second, then the oldest."""
    query = select(RunRow).where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class)
    return list(session.scalars(query.order_by(RunRow.index, RunRow.queued_at, RunRow.id).limit(limit)))


def queued_before(session: Session, run: RunRow) -> int:
    """How many queued runs of the class come before this one."""
    same = (RunRow.index == run.index) & (RunRow.queued_at == run.queued_at) & (RunRow.id < run.id)
    older = (RunRow.index == run.index) & (RunRow.queued_at < run.queued_at)
    before = (RunRow.index < run.index) | older | same
    query = select(func.count()).select_from(RunRow).where(RunRow.state == RunState.QUEUED, RunRow.host_class == run.host_class, before)
    return session.scalar(query) or 0


def attempt(session: Session, attempt_id: int) -> AttemptRow | None:
    """One attempt, with its log."""
    return session.get(AttemptRow, attempt_id, options=[undefer(AttemptRow.log)])


def attempts_of(session: Session, run_id: str) -> list[tuple[AttemptRow, str]]:
    """A run's attempts with their host's name, oldest first."""
    query = select(AttemptRow, HostRow.name).join(HostRow, HostRow.id == AttemptRow.host_id)
    return [(row, host) for row, host in session.execute(query.where(AttemptRow.run_id == run_id).order_by(AttemptRow.epoch))]


def of_submissions(session: Session, digests: list[str]) -> list[tuple[str, RunRow]]:
    """The runs of these submissions, with the digest of each."""
    query = select(SubmissionRow.digest, RunRow).join(SubmissionRow, SubmissionRow.id == RunRow.submission_id)
    return [(digest, run) for digest, run in session.execute(query.where(SubmissionRow.digest.in_(digests)))]


def last_attempt(session: Session, run_id: str) -> AttemptRow | None:
    """The newest attempt, with everything that it holds."""
    query = select(AttemptRow).where(AttemptRow.run_id == run_id).order_by(AttemptRow.epoch.desc()).limit(1)
    return session.scalar(query.options(undefer(AttemptRow.log), undefer(AttemptRow.report), undefer(AttemptRow.trace)))


def open_attempts_of_host(session: Session, host_id: int) -> list[AttemptRow]:
    """What the host has claimed and not ended."""
    return list(session.scalars(select(AttemptRow).where(AttemptRow.host_id == host_id, AttemptRow.state == "CLAIMED")))


def open_attempt_of_run(session: Session, run_id: str) -> AttemptRow | None:
    """The attempt that is under way."""
    return session.scalar(select(AttemptRow).where(AttemptRow.run_id == run_id, AttemptRow.state == "CLAIMED"))


def past_deadline(session: Session, now: dt.datetime) -> list[RunRow]:
    """Runs that have overstayed their state."""
    query = select(RunRow).where(RunRow.state.in_([RunState.QUEUED, RunState.RUNNING]), RunRow.deadline_at < now)
    return list(session.scalars(query.limit(200)))


def shorten_leases(session: Session, longest: dt.datetime, due: dt.datetime) -> int:
    """Leases that run beyond ``longest`` end when ``due``; returns how many there were: the clock was set back meanwhile."""
    query = update(RunRow).where(RunRow.state == RunState.RUNNING, RunRow.deadline_at > longest).values(deadline_at=due)
    result = session.execute(query.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def classes_to_hint(session: Session, hinted_before: dt.datetime, now: dt.datetime) -> list[str]:
    """Host classes with queued runs whose last hint is older than that, or in the future: the clock was set back since."""
    hinted = func.coalesce(RunRow.hinted_at, RunRow.queued_at)
    query = select(RunRow.host_class).where(RunRow.state == RunState.QUEUED)
    return list(session.scalars(query.where((hinted < hinted_before) | (hinted > now)).distinct()))


def flag_runs(session: Session, host_id: int, since: dt.datetime | None, reason: str) -> int:
    """Flag what a host has reported since then (None: ever), unless it's flagged already; returns how many."""
    reported = select(AttemptRow.run_id).where(AttemptRow.host_id == host_id, AttemptRow.state == "REPORTED")
    if since is not None:
        reported = reported.where(AttemptRow.ended_at >= since)
    query = update(RunRow).where(RunRow.id.in_(reported), RunRow.flag.is_(None)).values(flag=reason)
    result = session.execute(query.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def note_hints(session: Session, host_class: str, now: dt.datetime) -> None:
    """Remember when the class was last hinted."""
    query = update(RunRow).where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class)
    session.execute(query.values(hinted_at=now).execution_options(synchronize_session=False))


def started_since(session: Session, participant_id: int, since: dt.datetime) -> list[dt.datetime]:
    """When the participant's runs of the last day were queued, oldest first; void ones cost nothing."""
    query = select(RunRow.queued_at).where(RunRow.participant_id == participant_id, RunRow.queued_at > since, RunRow.state != RunState.VOID)
    return list(session.scalars(query.order_by(RunRow.queued_at)))


def with_context(session: Session, run_id: str) -> tuple[RunRow, SubmissionRow, BoardRow, HostClassRow] | None:
    """A run with submission, board and host class."""
    query = select(RunRow, SubmissionRow, BoardRow, HostClassRow).join(SubmissionRow, SubmissionRow.id == RunRow.submission_id)
    query = query.join(EntryRow, EntryRow.id == RunRow.entry_id).join(BoardRow, BoardRow.id == EntryRow.board_id)
    row = session.execute(query.join(HostClassRow, HostClassRow.name == BoardRow.host_class).where(RunRow.id == run_id)).first()
    return (row[0], row[1], row[2], row[3]) if row else None


def last_seen(session: Session, host_class: str) -> dt.datetime | None:
    """When a host of the class last spoke."""
    query = select(func.max(HostRow.last_seen_at)).where(HostRow.host_class == host_class, HostRow.revoked_at.is_(None))
    return session.scalar(query)


def recent_seconds(session: Session, host_class: str, limit: int = 20) -> list[float]:
    """How long the last runs of the class took, start to finish, seconds."""
    query = select(RunRow.started_at, RunRow.finished_at).where(RunRow.state == RunState.DONE, RunRow.host_class == host_class)
    rows = session.execute(query.order_by(RunRow.id.desc()).limit(limit))
    return [(row.finished_at - row.started_at).total_seconds() for row in rows if row.started_at and row.finished_at]


def all_ids(session: Session) -> list[str]:
    """Of every run, oldest first."""
    return list(session.scalars(select(RunRow.id).order_by(RunRow.id)))
