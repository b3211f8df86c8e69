"""Rows of participants, teams, sessions and tokens."""

import datetime as dt

from sqlalchemy import CursorResult, Update, delete, select, update
from sqlalchemy.orm import Session

from server.db.rows import ApiTokenRow, InvitationRow, MembershipRow, ParticipantRow, SessionRow
from server.domain.teams import Member, Team


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


def team(session: Session, team_id: int) -> Team | None:
    """A team with its members."""
    row = session.get(ParticipantRow, team_id)
    return team_from(session, row) if row is not None and row.is_team else None


def team_from(session: Session, row: ParticipantRow) -> Team:
    """A team's row with its members, the longest-standing first."""
    query = select(ParticipantRow.id, ParticipantRow.name, MembershipRow.joined_at)
    query = query.join(MembershipRow, MembershipRow.member_id == ParticipantRow.id).where(MembershipRow.team_id == row.id)
    found = session.execute(query.order_by(MembershipRow.joined_at, ParticipantRow.id))
    return Team(row.id, row.name, row.created_at, tuple(Member(each.id, each.name, each.joined_at) for each in found))


def team_of(session: Session, person_id: int) -> Team | None:
    """The one that a person is in."""
    query = select(ParticipantRow).join(MembershipRow, MembershipRow.team_id == ParticipantRow.id)
    row = session.scalar(query.where(MembershipRow.member_id == person_id))
    return team_from(session, row) if row is not None else None


def is_member(session: Session, team_id: int, person_id: int) -> bool:
    """Whether a person is in a team."""
    return session.get(MembershipRow, (team_id, person_id)) is not None


def hold_team(session: Session, team_id: int) -> None:
    """Nobody else changes the team until the transaction ends; on SQLite a writer is alone."""
    session.execute(select(ParticipantRow.id).where(ParticipantRow.id == team_id).with_for_update(key_share=True))


def remove_member(session: Session, team_id: int, person_id: int, now: dt.datetime) -> None:
    """Out of the team, and with them the invitations that they made and nobody has used."""
    session.execute(delete(MembershipRow).where(MembershipRow.team_id == team_id, MembershipRow.member_id == person_id))
    theirs = open_invitation(now).where(InvitationRow.team_id == team_id, InvitationRow.made_by_id == person_id)
    session.execute(theirs.values(revoked_at=now).execution_options(synchronize_session="fetch"))


def open_invitation(now: dt.datetime) -> Update:
    """An update of invitations that still let somebody in."""
    query = update(InvitationRow).where(InvitationRow.used_at.is_(None), InvitationRow.revoked_at.is_(None))
    return query.where(InvitationRow.expires_at > now)


def use_invitation(session: Session, invitation_id: str, person_id: int, now: dt.datetime) -> bool:
    """Once; False if it's used, revoked or over."""
    query = open_invitation(now).where(InvitationRow.id == invitation_id).values(used_by_id=person_id, used_at=now)
    result = session.execute(query.execution_options(synchronize_session="fetch"))
    return isinstance(result, CursorResult) and result.rowcount == 1


def open_invitations(session: Session, team_id: int, now: dt.datetime) -> list[tuple[InvitationRow, str]]:
    """Those that still let somebody in, with who made them; the newest first."""
    query = select(InvitationRow, ParticipantRow.name).join(ParticipantRow, ParticipantRow.id == InvitationRow.made_by_id)
    query = query.where(InvitationRow.team_id == team_id, InvitationRow.used_at.is_(None), InvitationRow.revoked_at.is_(None))
    rows = session.execute(query.where(InvitationRow.expires_at > now).order_by(InvitationRow.created_at.desc()))
    return [(row, name) for row, name in rows]
