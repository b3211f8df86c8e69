"""Teams by API."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.teams import Team
from server.participants import teams
from server.participants.schemas import InvitationAnswer, JoinRequest, MemberAnswer, TeamAnswer, TeamRequest
from server.participants.service import CurrentParticipant, client_address

router = APIRouter(prefix="/api/v1/teams", tags=["teams"])
Id = Annotated[int, Path(ge=1, lt=2**31)]


def answer(team: Team) -> TeamAnswer:
    """As anybody may see it; the first member leads."""
    members = [MemberAnswer(id=each.id, name=each.name, joined_at=each.joined_at) for each in team.members]
    return TeamAnswer(id=team.id, name=team.name, created_at=team.created_at, members=members)


@router.post("", status_code=201)
def create_team(request: Request, wanted: TeamRequest, participant: CurrentParticipant, session: WriteSession) -> TeamAnswer:
    """Found a team; you are its first member."""
    request.app.state.rate_limits.hit("sign-up", client_address(request))
    return answer(teams.found(session, participant, wanted.name, clock.now()))


@router.get("/{team_id}")
def read_team(team_id: Id, session: ReadSession) -> TeamAnswer:
    """A team and its members, the longest-standing first: that one leads."""
    return answer(teams.find(session, team_id))


@router.post("/memberships", status_code=201)
def create_membership(request: Request, sent: JoinRequest, participant: CurrentParticipant, session: WriteSession) -> TeamAnswer:
    """Join a team by an invitation's code."""
    request.app.state.rate_limits.hit("sign-in", client_address(request))
    return answer(teams.join(session, participant, sent.code, clock.now()))


@router.post("/{team_id}/invitations", status_code=201)
def create_invitation(request: Request, team_id: Id, participant: CurrentParticipant, session: WriteSession) -> InvitationAnswer:
    """A code that lets one person in, once; shown only now."""
    view, code = teams.invite(session, participant, team_id, clock.now())
    link = f"{request.app.state.settings.public_url.rstrip('/')}/teams/join?code={code}"
    return InvitationAnswer(id=view.id, code=code, link=link, expires_at=view.expires_at)


@router.delete("/{team_id}/invitations/{invitation_id}", status_code=204)
def delete_invitation(team_id: Id, invitation_id: str, participant: CurrentParticipant, session: WriteSession) -> None:
    """Revoke an invitation of your team."""
    teams.revoke_invitation(session, participant, team_id, invitation_id, clock.now())


@router.delete("/{team_id}/members/{member_id}", status_code=204)
def delete_member(team_id: Id, member_id: Id, participant: CurrentParticipant, session: WriteSession, dissolve: bool = False) -> None:
    """Leave (your own id; the last member says ``dissolve``), or remove a member as the lead."""
    now = clock.now()
    if member_id == participant.id:
        teams.leave(session, participant, team_id, now, dissolve=dissolve)
    else:
        teams.remove(session, participant, team_id, member_id, now)
