"""Rows of duels and records."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db.rows import AttemptRow, BoardRow, DuelRow, EntryRow, HostRow, ParticipantRow, RecordRow, RunRow, SeasonRow, SubmissionRow
from server.domain.duels import DuelState
from server.domain.run import COUNTING, Purpose, RunState
from server.domain.scoring import Status

OPEN = (DuelState.QUEUED, DuelState.RUNNING)


def open_duels(session: Session, board_id: int | None = None) -> list[DuelRow]:
    """Of one board, or of all."""
    query = select(DuelRow).where(DuelRow.state.in_(OPEN)).order_by(DuelRow.id)
    return list(session.scalars(query if board_id is None else query.where(DuelRow.board_id == board_id)))


def duels_of(session: Session, challenger_id: int, incumbent_id: int | None) -> list[DuelRow]:
    """Of one challenger against one incumbent."""
    query = select(DuelRow).where(DuelRow.challenger_id == challenger_id)
    return list(session.scalars(query.where(DuelRow.incumbent_id == incumbent_id if incumbent_id else DuelRow.incumbent_id.is_(None))))


def duels_spent(session: Session, board_id: int, lineage_id: int | None, season: int) -> int:
    """How many duels against an incumbent the lineage has had on the board in the season; what was cancelled showed nothing."""
    query = select(func.count()).select_from(DuelRow).where(DuelRow.board_id == board_id, DuelRow.season == season)
    query = query.where(DuelRow.lineage_id == lineage_id, DuelRow.incumbent_id.is_not(None), DuelRow.state != DuelState.CANCELLED)
    return session.scalar(query) or 0


def runs_of_duel(session: Session, duel_id: int) -> list[RunRow]:
    """Every run, in order."""
    return list(session.scalars(select(RunRow).where(RunRow.duel_id == duel_id).order_by(RunRow.entry_id, RunRow.index)))


def holder(session: Session, board_id: int) -> RecordRow | None:
    """The board's standing record: the last that wasn't revoked."""
    query = select(RecordRow).where(RecordRow.board_id == board_id, RecordRow.revoked_at.is_(None))
    return session.scalar(query.order_by(RecordRow.provisional_at.desc(), RecordRow.id.desc()).limit(1))


def unconfirmed(session: Session, before: dt.datetime) -> list[tuple[RecordRow, EntryRow]]:
    """Provisional records older than that, with their entries."""
    query = select(RecordRow, EntryRow).join(EntryRow, EntryRow.id == RecordRow.entry_id)
    query = query.where(RecordRow.confirmed_at.is_(None), RecordRow.revoked_at.is_(None), RecordRow.provisional_at <= before)
    return [(record, entry) for record, entry in session.execute(query)]


def records_of(session: Session, board_id: int) -> list[tuple[RecordRow, SubmissionRow, str, DuelRow]]:
    """A board's records, oldest first, with submission, participant and duel."""
    query = select(RecordRow, SubmissionRow, ParticipantRow.name, DuelRow).join(EntryRow, EntryRow.id == RecordRow.entry_id)
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id).join(DuelRow, DuelRow.id == RecordRow.duel_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id).where(RecordRow.board_id == board_id)
    rows = session.execute(query.order_by(RecordRow.provisional_at, RecordRow.id))
    return [(record, submission, name, duel) for record, submission, name, duel in rows]


def records_of_entry(session: Session, entry_id: int) -> list[RecordRow]:
    """An entry's records that weren't revoked."""
    return list(session.scalars(select(RecordRow).where(RecordRow.entry_id == entry_id, RecordRow.revoked_at.is_(None))))


def season_number(session: Session, slug: str, now: dt.datetime) -> int:
    """The number of the track's season that has opened last; 0 where it has none."""
    query = select(func.max(SeasonRow.number)).where(SeasonRow.track_slug == slug, SeasonRow.opens_at <= now)
    return session.scalar(query) or 0


def entry_with_submission(session: Session, entry_id: int) -> tuple[EntryRow, SubmissionRow]:
    """One entry."""
    entry = session.get_one(EntryRow, entry_id)
    return entry, session.get_one(SubmissionRow, entry.submission_id)


def entry_of(session: Session, digest: str, board_id: int) -> EntryRow | None:
    """A submission's entry on a board."""
    query = select(EntryRow).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    return session.scalar(query.where(SubmissionRow.digest == digest, EntryRow.board_id == board_id))


def runs_for(session: Session, entry_id: int, *purposes: Purpose) -> list[RunRow]:
    """An entry's runs for these purposes, but for void and superseded ones."""
    query = select(RunRow).where(RunRow.entry_id == entry_id, RunRow.purpose.in_(purposes), RunRow.superseded.is_(False))
    return list(session.scalars(query.where(RunRow.state != RunState.VOID).order_by(RunRow.index)))


def judges_of(session: Session, entry_id: int) -> set[int]:
    """The hosts that carried out the runs that make an entry's figures."""
    query = select(AttemptRow.host_id).join(RunRow, RunRow.id == AttemptRow.run_id)
    query = query.where(RunRow.entry_id == entry_id, RunRow.purpose.in_(COUNTING), RunRow.superseded.is_(False))
    query = query.where(RunRow.state == RunState.DONE, AttemptRow.state == "REPORTED")
    return set(session.scalars(query))


def hosts_of(session: Session, run_ids: list[str]) -> list[str]:
    """The names of the hosts that reported these runs."""
    query = select(HostRow.name).join(AttemptRow, AttemptRow.host_id == HostRow.id)
    query = query.where(AttemptRow.run_id.in_(run_ids), AttemptRow.state == "REPORTED")
    return list(session.scalars(query.distinct().order_by(HostRow.name)))


def board(session: Session, board_id: int) -> BoardRow:
    """One board."""
    return session.get_one(BoardRow, board_id)


def submission(session: Session, digest: str) -> SubmissionRow | None:
    """By its whole digest."""
    return session.scalar(select(SubmissionRow).where(SubmissionRow.digest == digest))


def checked_entries(session: Session, board_id: int) -> list[int]:
    """A board's qualified entries that were verified or replicated."""
    query = select(EntryRow.id).join(RunRow, RunRow.entry_id == EntryRow.id).where(EntryRow.board_id == board_id)
    query = query.where(EntryRow.status == Status.QUALIFIED, RunRow.purpose.in_((Purpose.VERIFICATION, Purpose.REPLICATION)))
    return list(session.scalars(query.where(RunRow.state == RunState.DONE, RunRow.superseded.is_(False)).distinct()))
