"""Rows of runs and attempts, and the conditional updates that claim and end them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, case, func, select, update
from sqlalchemy.orm import Session, aliased, undefer

from server.db.rows import AttemptRow, BoardRow, EntryRow, HostClassRow, HostRow, RunRow, SubmissionRow
from server.domain.run import COUNTING, Cause, Purpose, RunState
from server.domain.scoring import Status


def change_state(session: Session, run: RunRow, at_epoch: int, to: RunState, **values: Any) -> bool:
    """Move a run on, if it still stands where it stood (state and epoch). False if somebody else moved it."""
    query = update(RunRow).where(RunRow.id == run.id, RunRow.state == run.state, RunRow.epoch == at_epoch)
    result = session.execute(query.values(state=to, **values).execution_options(synchronize_session="fetch"))
    return isinstance(result, CursorResult) and result.rowcount == 1


LISTING = RunRow.purpose == Purpose.LISTING
ORDERED = (RunRow.index, RunRow.queued_at, RunRow.id)


def next_queued(session: Session, host_class: str, host_id: int, since: dt.datetime, limit: int = 8) -> list[RunRow]:
    """Who is next on this host: duels and checks, whose runs belong together; then whoever has had least since that instant."""
    served = served_since(host_class, since).subquery()
    query = select(RunRow).outerjoin(served, served.c.participant_id == RunRow.participant_id)
    query = query.where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class)
    query = query.where(RunRow.host_id.is_(None) | (RunRow.host_id == host_id))
    shares = (LISTING, case((LISTING, func.coalesce(served.c.served, 0)), else_=0))
    return list(session.scalars(query.order_by(*shares, *ORDERED).limit(limit)))


def served_since(host_class: str, since: dt.datetime) -> Select[int, int]:
    """How many runs each participant has had started on the class."""
    query = select(RunRow.participant_id, func.count().label("served")).where(RunRow.host_class == host_class, LISTING)
    return query.where(RunRow.started_at > since, RunRow.state.in_([RunState.RUNNING, RunState.DONE])).group_by(RunRow.participant_id)


def served(session: Session, participant_id: int, host_class: str, since: dt.datetime) -> int:
    """Of one participant."""
    query = served_since(host_class, since).where(RunRow.participant_id == participant_id)
    row = session.execute(query).first()
    return row.served if row else 0


@dataclass(frozen=True, slots=True)
class Line:
    """A participant's queued listing runs of a class: how many, how many were served lately, and what their first is ordered by."""

    participant_id: int
    queued: int
    served: int
    first: tuple[int, dt.datetime]

    def ahead(self, level: int, mine: "Line") -> int:
        """How many of these go before a run of ``mine`` that is served when its participant has had ``level``."""
        at_level = 1 if self.first < mine.first else 0
        return max(0, min(self.queued, level - self.served + at_level))


def lines(session: Session, host_class: str, since: dt.datetime) -> list[Line]:
    """Everybody who waits."""
    query = select(
        RunRow.participant_id, func.count().label("queued"), func.min(RunRow.index).label("first"), func.min(RunRow.queued_at).label("at")
    )
    query = query.where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class, LISTING).group_by(RunRow.participant_id)
    had = {row.participant_id: row.served for row in session.execute(served_since(host_class, since))}
    return [Line(row.participant_id, row.queued, had.get(row.participant_id, 0), (row.first, row.at)) for row in session.execute(query)]


def before(run: RunRow) -> ColumnElement[bool]:
    """Queued runs of the class with a smaller place in the plain order."""
    same = (RunRow.index == run.index) & (RunRow.queued_at == run.queued_at) & (RunRow.id < run.id)
    older = (RunRow.index == run.index) & (RunRow.queued_at < run.queued_at)
    earlier = (RunRow.index < run.index) | older | same
    return (RunRow.state == RunState.QUEUED) & (RunRow.host_class == run.host_class) & earlier


def own_before(session: Session, run: RunRow) -> int:
    """The participant's own queued runs before this one."""
    query = select(func.count()).select_from(RunRow).where(before(run), LISTING, RunRow.participant_id == run.participant_id)
    return session.scalar(query) or 0


def urgent(session: Session, host_class: str) -> int:
    """Queued runs of duels and checks."""
    query = select(func.count()).select_from(RunRow).where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class, ~LISTING)
    return session.scalar(query) or 0


def urgent_before(session: Session, run: RunRow) -> int:
    """Of these, those before this one."""
    return session.scalar(select(func.count()).select_from(RunRow).where(before(run), ~LISTING)) or 0


def hosts_seen_since(session: Session, host_class: str, since: dt.datetime) -> int:
    """How many hosts of the class have spoken."""
    query = select(func.count()).select_from(HostRow).where(HostRow.host_class == host_class, HostRow.last_seen_at > since)
    return session.scalar(query.where(HostRow.revoked_at.is_(None))) or 0


def next_index(session: Session, entry_id: int, purpose: Purpose) -> int:
    """The first index of that purpose that the entry hasn't used."""
    last = session.scalar(select(func.max(RunRow.index)).where(RunRow.entry_id == entry_id, RunRow.purpose == purpose))
    return 0 if last is None else last + 1


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


def of_entry(session: Session, entry_id: int) -> list[RunRow]:
    """Every run of an entry."""
    return list(session.scalars(select(RunRow).where(RunRow.entry_id == entry_id).order_by(RunRow.purpose, RunRow.index)))


def hold_open(session: Session, entry_ids: Iterable[int]) -> None:
    """Entries' runs that may still report, until the transaction ends: a report takes its run first, then the board, and so must we."""
    query = select(RunRow.id).where(RunRow.entry_id.in_(list(entry_ids)), RunRow.state.in_((RunState.QUEUED, RunState.RUNNING)))
    session.execute(query.order_by(RunRow.id).with_for_update())


def same_draw(session: Session, run: RunRow) -> list[RunRow]:
    """The run that drew the instance first, and its repeats that weren't void."""
    first = run.repeats_id or run.id
    query = select(RunRow).where((RunRow.id == first) | (RunRow.repeats_id == first), RunRow.state != RunState.VOID)
    return list(session.scalars(query.order_by(RunRow.queued_at, RunRow.id)))


def replacement(session: Session, old: RunRow) -> RunRow | None:
    """The run that stands for this one now."""
    return session.scalar(select(RunRow).where(RunRow.replaces_id == old.id))


def lost(session: Session, before: dt.datetime, most: int) -> list[RunRow]:
    """Listing and separation runs that ended void before then, and that nothing stands for; no more than ``most`` replacements each."""
    stands, tried = aliased(RunRow), aliased(RunRow)
    query = select(RunRow).join(EntryRow, EntryRow.id == RunRow.entry_id).where(RunRow.state == RunState.VOID, RunRow.finished_at < before)
    query = query.where(RunRow.purpose.in_(COUNTING), RunRow.superseded.is_(False), RunRow.repeats_id.is_(None))
    query = query.where(EntryRow.status.not_in((Status.WITHDRAWN, Status.DISQUALIFIED)))
    query = query.where(~select(stands.id).where(stands.replaces_id == RunRow.id).exists())
    same = (tried.entry_id == RunRow.entry_id) & (tried.purpose == RunRow.purpose) & (tried.index == RunRow.index)
    tries = select(func.count()).select_from(tried).where(same, tried.superseded.is_(False)).scalar_subquery()
    return list(session.scalars(query.where(tries <= most).order_by(RunRow.id)))


def last_attempt(session: Session, run_id: str) -> AttemptRow | None:
    """The newest attempt, with everything that it holds."""
    query = select(AttemptRow).where(AttemptRow.run_id == run_id).order_by(AttemptRow.epoch.desc()).limit(1)
    return session.scalar(query.options(undefer(AttemptRow.log), undefer(AttemptRow.report), undefer(AttemptRow.trace)))


def was_unquiet(session: Session, run_id: str) -> bool:
    """Whether an attempt at this run was voided because the machine stayed busy after its window."""
    unquiet = select(AttemptRow.id).where(AttemptRow.run_id == run_id, AttemptRow.fault_cause == Cause.UNQUIET)
    return session.scalar(unquiet.limit(1)) is not None


def open_attempts_of_host(session: Session, host_id: int) -> list[AttemptRow]:
    """What the host has claimed and not ended."""
    return list(session.scalars(select(AttemptRow).where(AttemptRow.host_id == host_id, AttemptRow.state == "CLAIMED")))


def open_attempt_of_run(session: Session, run_id: str) -> AttemptRow | None:
    """The attempt that is under way."""
    return session.scalar(select(AttemptRow).where(AttemptRow.run_id == run_id, AttemptRow.state == "CLAIMED"))


def flag_runs(session: Session, host_id: int, since: dt.datetime | None, reason: str) -> int:
    """Flag what a host has reported since then (None: ever), unless it's flagged already but for a dispute; returns how many."""
    reported = select(AttemptRow.run_id).where(AttemptRow.host_id == host_id, AttemptRow.state == "REPORTED")
    if since is not None:
        reported = reported.where(AttemptRow.ended_at >= since)
    query = update(RunRow).where(RunRow.id.in_(reported), RunRow.flag.is_(None) | RunRow.disputed_by_id.is_not(None)).values(flag=reason)
    result = session.execute(query.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def boards_flagged(session: Session, host_id: int) -> list[int]:
    """Boards that show runs of this host which are flagged."""
    query = select(EntryRow.board_id).join(RunRow, RunRow.entry_id == EntryRow.id).join(AttemptRow, AttemptRow.run_id == RunRow.id)
    query = query.where(AttemptRow.host_id == host_id, AttemptRow.state == "REPORTED", RunRow.flag.is_not(None))
    return list(session.scalars(query.distinct().order_by(EntryRow.board_id)))


def past_deadline(session: Session, now: dt.datetime) -> list[RunRow]:
    """Runs that have overstayed their state; not those that somebody is moving just now."""
    query = select(RunRow).where(RunRow.state.in_([RunState.QUEUED, RunState.RUNNING]), RunRow.deadline_at < now)
    return list(session.scalars(query.limit(200).with_for_update(skip_locked=True)))


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


def note_hints(session: Session, host_class: str, now: dt.datetime) -> None:
    """Remember when the class was last hinted."""
    query = update(RunRow).where(RunRow.state == RunState.QUEUED, RunRow.host_class == host_class)
    session.execute(query.values(hinted_at=now).execution_options(synchronize_session=False))


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
