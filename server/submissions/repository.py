"""Rows of submissions and their lineages."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db.rows import BoardRow, EntryRow, LineageMarkRow, LineageRow, ParticipantRow, RunRow, SubmissionRow, SubmitterRow

LIKE = 5


def by_digest(session: Session, digest: str) -> SubmissionRow | None:
    """The submission with that digest."""
    return session.scalar(select(SubmissionRow).where(SubmissionRow.digest == digest))


def by_prefix(session: Session, prefix: str) -> list[SubmissionRow]:
    """Up to two submissions whose digest begins so: the second says that it isn't unique."""
    query = select(SubmissionRow).where(SubmissionRow.digest >= prefix, SubmissionRow.digest < prefix + "g")
    return list(session.scalars(query.limit(2)))


def newest(session: Session, participant_ids: list[int] | None, limit: int) -> list[tuple[SubmissionRow, str]]:
    """Newest submissions with their participant's name; of these participants or of all."""
    query = select(SubmissionRow, ParticipantRow.name).join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
    if participant_ids is not None:
        query = query.where(SubmissionRow.participant_id.in_(participant_ids))
    return [(row, name) for row, name in session.execute(query.order_by(SubmissionRow.id.desc()).limit(limit))]


def entries_of(session: Session, submission_id: int) -> list[tuple[EntryRow, str]]:
    """Entries with their board's host class."""
    query = select(EntryRow, BoardRow.host_class).join(BoardRow, BoardRow.id == EntryRow.board_id)
    rows = session.execute(query.where(EntryRow.submission_id == submission_id).order_by(EntryRow.id))
    return [(entry, host_class) for entry, host_class in rows]


def runs_of(session: Session, submission_id: int) -> list[RunRow]:
    """Every run, in order."""
    query = select(RunRow).where(RunRow.submission_id == submission_id)
    return list(session.scalars(query.order_by(RunRow.host_class, RunRow.index)))


def participant(session: Session, participant_id: int) -> ParticipantRow:
    """Whose it is, or who sent it."""
    return session.get_one(ParticipantRow, participant_id)


def note_submitter(session: Session, submission: SubmissionRow, participant_id: int, now: dt.datetime) -> None:
    """Somebody else sent the same bundle."""
    if participant_id != submission.participant_id and session.get(SubmitterRow, (submission.id, participant_id)) is None:
        session.add(SubmitterRow(submission_id=submission.id, participant_id=participant_id, at=now))


def also_by(session: Session, submission_id: int) -> list[str]:
    """Who sent the same bundle later, in order."""
    query = select(ParticipantRow.name).join(SubmitterRow, SubmitterRow.participant_id == ParticipantRow.id)
    return list(session.scalars(query.where(SubmitterRow.submission_id == submission_id).order_by(SubmitterRow.at)))


def like_lineages(session: Session, slug: str, marks: list[int]) -> list[tuple[int, list[int]]]:
    """The track's lineages that share most marks, each with all of its own."""
    shared = select(LineageMarkRow.lineage_id).join(LineageRow, LineageRow.id == LineageMarkRow.lineage_id)
    shared = shared.where(LineageRow.track_slug == slug, LineageMarkRow.mark.in_(marks)).group_by(LineageMarkRow.lineage_id)
    found = session.scalars(shared.order_by(func.count().desc(), LineageMarkRow.lineage_id).limit(LIKE)).all()
    return [(each, list(session.scalars(select(LineageMarkRow.mark).where(LineageMarkRow.lineage_id == each)))) for each in found]


def built_on(session: Session, digest: str, limit: int) -> list[tuple[str, str]]:
    """Digest and name of submissions that name this one as their parent, oldest first."""
    query = select(SubmissionRow.digest, SubmissionRow.name).where(SubmissionRow.parent_digest == digest).order_by(SubmissionRow.id)
    return [(row.digest, row.name) for row in session.execute(query.limit(limit))]


def new_lineage(session: Session, slug: str, marks: list[int], now: dt.datetime) -> int:
    """A lineage of its own, known by these marks."""
    row = LineageRow(track_slug=slug, created_at=now)
    session.add(row)
    session.flush()
    session.add_all(LineageMarkRow(lineage_id=row.id, mark=mark) for mark in marks)
    return row.id


def lineage_size(session: Session, lineage_id: int) -> int:
    """How many submissions it has."""
    return session.scalar(select(func.count()).select_from(SubmissionRow).where(SubmissionRow.lineage_id == lineage_id)) or 0
