"""Rows of submissions."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.rows import BoardRow, EntryRow, ParticipantRow, RunRow, SubmissionRow


def by_digest(session: Session, digest: str) -> SubmissionRow | None:
    """The submission with that digest."""
    return session.scalar(select(SubmissionRow).where(SubmissionRow.digest == digest))


def by_prefix(session: Session, prefix: str) -> list[SubmissionRow]:
    """Up to two submissions whose digest begins so: the second says that it isn't unique."""
    query = select(SubmissionRow).where(SubmissionRow.digest >= prefix, SubmissionRow.digest < prefix + "g")
    return list(session.scalars(query.limit(2)))


def of_participant(session: Session, participant_id: int | None, limit: int) -> list[tuple[SubmissionRow, str]]:
    """Newest submissions with their participant's name; of one participant or of all."""
    query = select(SubmissionRow, ParticipantRow.name).join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
    if participant_id is not None:
        query = query.where(SubmissionRow.participant_id == participant_id)
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


def participant_name(session: Session, participant_id: int) -> str:
    """Whose it is."""
    return session.get_one(ParticipantRow, participant_id).name
