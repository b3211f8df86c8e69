"""Teams: founded, joined by invitation, left; and who acts for whom. A team has no password and no token: its members are who they are."""

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import audit
from server.db.rows import InvitationRow, MembershipRow, ParticipantRow
from server.domain import teams as rules
from server.domain.errors import Closed, Conflict, Forbidden, NotFound
from server.domain.keys import new_token, read_token
from server.domain.participant import Participant, checked_name, name_key
from server.domain.teams import INVITATION_DAYS, MOST_MEMBERS, Team
from server.participants import repository
from server.participants.service import actor_of

NO_PASSWORD = "a team has none"  # noqa: S105 - no hash at all: nothing verifies against it
ASK = "ask a member of the team for a new invitation"


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation without its secret."""

    id: str
    made_by: str
    created_at: dt.datetime
    expires_at: dt.datetime


def subject_of(team_id: int) -> str:
    """A team in the audit log."""
    return f"team {team_id}"


def found(session: Session, who: Participant, name: str, now: dt.datetime) -> Team:
    """A new team with one member. Raises Inadmissible, Conflict."""
    name = checked_name(name)
    rules.check_unbound(repository.team_of(session, who.id))
    taken = Conflict(f"the name {name!r} is taken, by a person or a team", "choose another name")
    if repository.by_name_key(session, name_key(name)):
        raise taken
    row = ParticipantRow(name=name, name_key=name_key(name), password_hash=NO_PASSWORD, is_team=True, created_at=now)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise taken from None
    add_member(session, row.id, who.id, now)
    audit.record(session, actor_of(who.id), "team_founded", subject_of(row.id), name, now=now)
    return find(session, row.id)


def add_member(session: Session, team_id: int, person_id: int, now: dt.datetime) -> None:
    """Raises Conflict if the person has just joined another."""
    session.add(MembershipRow(team_id=team_id, member_id=person_id, joined_at=now))
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("you have just joined a team: a person is in one team at a time", "leave it first, on its page") from None


def find(session: Session, team_id: int) -> Team:
    """A team, as anybody may see it. Raises NotFound."""
    team = repository.team(session, team_id)
    if team is None:
        raise NotFound(f"there is no team {team_id}", "a submission's page leads to its team")
    return team


def team_of(session: Session, person_id: int) -> Team | None:
    """The team that somebody is in."""
    return repository.team_of(session, person_id)


def in_name_of(session: Session, who: Participant, name: str) -> Team | None:
    """The team of that name, whose member sends something in its name; None for no name: their own. Raises Forbidden."""
    if not name.strip():
        return None
    team = repository.team_of(session, who.id)
    if team is not None and name_key(" ".join(name.split())) == name_key(team.name):
        return team
    yours = f"your team is {team.name}" if team else "you are in no team: found one, or join one by invitation, on your page"
    raise Forbidden(f"you aren't a member of a team {name[:40]!r}", yours)


def acts_for(session: Session, person_id: int, participant_id: int) -> bool:
    """Whether somebody may act for a participant: themselves, or the team that they're a member of now. The one place that says so."""
    return person_id == participant_id or repository.is_member(session, participant_id, person_id)


def names_of(session: Session, person_id: int) -> list[int]:
    """Every participant that somebody acts for."""
    team = repository.team_of(session, person_id)
    return [person_id] if team is None else [person_id, team.id]


def invite(session: Session, who: Participant, team_id: int, now: dt.datetime) -> tuple[InvitationView, str]:
    """An invitation, and its code in its only appearance. Raises NotFound, Forbidden, Conflict."""
    team = held(session, team_id)
    rules.check_member(team, who.id)
    rules.check_room(team)
    if len(waiting := repository.open_invitations(session, team_id, now)) >= MOST_MEMBERS:
        raise Conflict(f"{len(waiting)} invitations are open, at most {MOST_MEMBERS} may be", "revoke one first, on the team's page")
    identity = secrets.token_hex(6)
    code, secret_hash = new_token("team", identity)
    row = InvitationRow(id=identity, team_id=team_id, made_by_id=who.id, secret_hash=secret_hash, created_at=now)
    row.expires_at = now + dt.timedelta(days=INVITATION_DAYS)
    session.add(row)
    audit.record(session, actor_of(who.id), "team_invitation_made", subject_of(team_id), identity, now=now)
    return InvitationView(identity, who.name, now, row.expires_at), code


def invitations(session: Session, who: Participant, team: Team, now: dt.datetime) -> list[InvitationView]:
    """Open ones, for members. Raises Forbidden."""
    rules.check_member(team, who.id)
    return [
        InvitationView(row.id, name, row.created_at, row.expires_at) for row, name in repository.open_invitations(session, team.id, now)
    ]


def revoke_invitation(session: Session, who: Participant, team_id: int, invitation_id: str, now: dt.datetime) -> None:
    """By any member. Raises NotFound, Forbidden, Conflict."""
    rules.check_member(held(session, team_id), who.id)
    row = session.get(InvitationRow, invitation_id[:16])
    if row is None or row.team_id != team_id:
        raise NotFound(f"the team has no invitation {invitation_id[:16]!r}", "its page lists the open ones")
    if row.used_at is not None:
        raise Conflict("that invitation was used already", "the lead may remove whoever joined by it")
    if row.revoked_at is None:
        row.revoked_at = now
        audit.record(session, actor_of(who.id), "team_invitation_revoked", subject_of(team_id), invitation_id, now=now)


def invitation_of(session: Session, code: str, now: dt.datetime) -> InvitationRow:
    """What a code stands for, if it still lets somebody in. Raises NotFound, Closed."""
    read = read_token(code.strip(), "team")
    row = session.get(InvitationRow, read[0]) if read else None
    if read is None or row is None or not secrets.compare_digest(row.secret_hash, read[1]):
        raise NotFound("this invitation is unknown", f"copy the whole code, from mj_team_ to its end, or {ASK}")
    if row.revoked_at is not None:
        raise Closed(f"this invitation was revoked on {row.revoked_at:%Y-%m-%d %H:%M} UTC", ASK)
    if row.used_at is not None:
        raise Closed(f"this invitation was used on {row.used_at:%Y-%m-%d %H:%M} UTC: it lets one person in", ASK)
    if row.expires_at <= now:
        raise Closed(f"this invitation expired on {row.expires_at:%Y-%m-%d %H:%M} UTC", ASK)
    return row


def invited_to(session: Session, code: str, now: dt.datetime) -> Team:
    """The team that a code lets somebody into. Raises NotFound, Closed."""
    return find(session, invitation_of(session, code, now).team_id)


def join(session: Session, who: Participant, code: str, now: dt.datetime) -> Team:
    """By invitation. Raises NotFound, Closed, Conflict."""
    row = invitation_of(session, code, now)
    team = held(session, row.team_id)
    rules.check_unbound(repository.team_of(session, who.id))
    rules.check_room(team)
    if not repository.use_invitation(session, row.id, who.id, now):
        raise Closed("this invitation has just been used or revoked", ASK)
    add_member(session, team.id, who.id, now)
    audit.record(session, actor_of(who.id), "team_joined", subject_of(team.id), f"by invitation {row.id}", now=now)
    return find(session, team.id)


def leave(session: Session, who: Participant, team_id: int, now: dt.datetime, *, dissolve: bool = False) -> None:
    """The last one dissolves the team: its submissions and its name stay, nobody acts for it. Raises NotFound, Forbidden, Conflict."""
    team = held(session, team_id)
    rules.check_leave(team, who.id, dissolve=dissolve)
    repository.remove_member(session, team_id, who.id, now)
    audit.record(session, actor_of(who.id), "team_dissolved" if dissolve else "team_left", subject_of(team_id), now=now)


def remove(session: Session, who: Participant, team_id: int, member_id: int, now: dt.datetime) -> None:
    """The lead removes a member. Raises NotFound, Forbidden, Conflict."""
    rules.check_remove(held(session, team_id), who.id, member_id)
    repository.remove_member(session, team_id, member_id, now)
    audit.record(session, actor_of(who.id), "team_member_removed", subject_of(team_id), actor_of(member_id), now=now)


def held(session: Session, team_id: int) -> Team:
    """A team that nobody else changes until the transaction ends. Raises NotFound."""
    repository.hold_team(session, team_id)
    return find(session, team_id)
