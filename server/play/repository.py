"""Rows of submissions that anybody may play."""

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from server.db.rows import EntryRow, ParticipantRow, SubmissionRow
from server.domain.scoring import Status

OUT = (Status.DISQUALIFIED, Status.WITHDRAWN)


def published(slug: str) -> Select[SubmissionRow, str]:
    """Submissions of a track whose source is public, and whose they are; none that was disqualified or withdrawn."""
    out = exists().where(EntryRow.submission_id == SubmissionRow.id, EntryRow.status.in_(OUT))
    query = select(SubmissionRow, ParticipantRow.name).join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
    return query.where(SubmissionRow.track_slug == slug, SubmissionRow.source_public_at.is_not(None), ~out)


def newest(session: Session, slug: str, limit: int) -> list[tuple[SubmissionRow, str]]:
    """The latest to become public."""
    query = published(slug).order_by(SubmissionRow.source_public_at.desc(), SubmissionRow.id.desc()).limit(limit)
    return [(row, name) for row, name in session.execute(query)]


def by_prefix(session: Session, slug: str, prefix: str) -> list[tuple[SubmissionRow, str]]:
    """Up to two whose digest begins so: the second says that it isn't unique."""
    query = published(slug).where(SubmissionRow.digest >= prefix, SubmissionRow.digest < prefix + "g").limit(2)
    return [(row, name) for row, name in session.execute(query)]
