"""Rows of participants, sessions and tokens."""

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.db.rows import ApiTokenRow, ParticipantRow, SessionRow


def by_name_key(session: Session, key: str) -> ParticipantRow | None:
    """The participant with that folded name."""
    return session.scalar(select(ParticipantRow).where(ParticipantRow.name_key == key))


def session_with_participant(session: Session, token_hash: str) -> tuple[SessionRow, ParticipantRow] | None:
    """A browser session and who it belongs to."""
    query = select(SessionRow, ParticipantRow).join(ParticipantRow, ParticipantRow.id == SessionRow.participant_id)
    row = session.execute(query.where(SessionRow.token_hash == token_hash)).first()
    return (row[0], row[1]) if row else None


def tokens_of(session: Session, participant_id: int) -> list[ApiTokenRow]:
    """Every token, newest first."""
    query = select(ApiTokenRow).where(ApiTokenRow.participant_id == participant_id)
    return list(session.scalars(query.order_by(ApiTokenRow.created_at.desc())))


def purge_sessions(session: Session, now: dt.datetime) -> None:
    """Forget sessions that have ended."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at < now))
