"""A participant's own page, and the pages of teams: what members do there, and what everybody sees."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.errors import ParticipantError
from server.domain.participant import Participant
from server.domain.teams import INVITATION_DAYS, MOST_MEMBERS
from server.participants import service as participants
from server.participants import teams
from server.participants.service import CurrentParticipant, OptionalParticipant, client_address
from server.runs import quota
from server.submissions import views
from server.templating import page, sign_in_address

router = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=200)]
Id = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/me")
def me_page(request: Request, session: ReadSession, viewer: CurrentParticipant) -> HTMLResponse:
    """Your quota, submissions, team and tokens."""
    return own_page(request, session, viewer)


def own_page(
    request: Request, session: Session, viewer: Participant, token: str | None = None, error: ParticipantError | None = None, name: str = ""
) -> HTMLResponse:
    """A participant's page; a new token is shown this once, and what was wrong with a team's name beside its form."""
    values: dict[str, Any] = {
        "accounts": quota.accounts_of(session, viewer.id, request.app.state.settings.limits, clock.now()),
        "submissions": views.own_submissions(session, viewer.id),
        "tokens": participants.list_tokens(session, viewer.id),
        "most_members": MOST_MEMBERS,
    }
    return page("participants/me.html", viewer, error.status if error else 200, token=token, error=error, team_name=name, **values)


@router.post("/me/tokens")
def create_token(request: Request, form_token: Field, label: Field, viewer: CurrentParticipant, session: WriteSession) -> HTMLResponse:
    """A new API token."""
    participants.check_form_token(viewer, form_token)
    token = participants.issue_token(session, viewer.id, label, clock.now(), request.app.state.settings.token_days)
    session.flush()
    return own_page(request, session, viewer, token)


@router.post("/me/tokens/{token_id}/revoke")
def revoke_token(token_id: str, form_token: Field, viewer: CurrentParticipant, session: WriteSession) -> Response:
    """End a token."""
    participants.check_form_token(viewer, form_token)
    participants.revoke_token(session, viewer.id, token_id, clock.now())
    return RedirectResponse("/me", 303)


@router.post("/teams")
def found_team(request: Request, form_token: Field, name: Field, viewer: CurrentParticipant) -> Response:
    """A new team; what is wrong with its name is said beside the form."""
    participants.check_form_token(viewer, form_token)
    state = request.app.state
    try:
        state.rate_limits.hit("sign-up", client_address(request))  # a team takes a name, as an account does
        with state.database.session() as session:
            team = teams.found(session, viewer, name, clock.now())
    except ParticipantError as error:
        with state.database.session(read_only=True) as session:
            return own_page(request, session, viewer, error=error, name=name)
    return RedirectResponse(f"/teams/{team.id}", 303)


@router.get("/teams/join")
def join_page(session: ReadSession, viewer: OptionalParticipant, code: Annotated[str, Query(max_length=200)] = "") -> Response:
    """An invitation's link ends here: to which team, and a form that joins it."""
    if viewer is None:
        return RedirectResponse(sign_in_address(f"/teams/join?code={code}" if code else "/teams/join"), 303)
    return join_form(session, viewer, code)


def join_form(session: Session, viewer: Participant, code: str, error: ParticipantError | None = None) -> HTMLResponse:
    """The form, with the team that the code stands for, or what is wrong with it."""
    invited = None
    try:
        invited = teams.invited_to(session, code, clock.now()) if code and error is None else None
    except ParticipantError as refused:
        error = refused
    values = {"code": code, "invited": invited, "present": teams.team_of(session, viewer.id), "error": error}
    return page("participants/join.html", viewer, error.status if error else 200, **values)


@router.post("/teams/join")
def join_team(request: Request, form_token: Field, code: Field, viewer: CurrentParticipant) -> Response:
    """By invitation."""
    participants.check_form_token(viewer, form_token)
    state = request.app.state
    try:
        state.rate_limits.hit("sign-in", client_address(request))
        with state.database.session() as session:
            team = teams.join(session, viewer, code, clock.now())
    except ParticipantError as error:
        with state.database.session(read_only=True) as session:
            return join_form(session, viewer, code, error)
    return RedirectResponse(f"/teams/{team.id}", 303)


@router.get("/teams/{team_id}")
def team_page(request: Request, team_id: Id, session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """A team: who is in it and what it sent, for everybody; its quota and invitations for its members."""
    return show_team(request, session, viewer, team_id)


def show_team(request: Request, session: Session, viewer: Participant | None, team_id: int, code: str = "") -> HTMLResponse:
    """The page; a new invitation's code is shown this once."""
    now, team = clock.now(), teams.find(session, team_id)
    member = viewer is not None and team.has(viewer.id)
    accounts = quota.accounts_of(session, viewer.id, request.app.state.settings.limits, now) if viewer and member else None
    values: dict[str, Any] = {
        "team": team,
        "member": member,
        "account": accounts.team if accounts else None,
        "invitations": teams.invitations(session, viewer, team, now) if viewer and member else [],
        "submissions": views.sent_by(session, team.id),
        "link": f"{request.app.state.settings.public_url.rstrip('/')}/teams/join?code={code}" if code else "",
    }
    return page("participants/team.html", viewer, code=code, most=MOST_MEMBERS, days=INVITATION_DAYS, **values)


@router.post("/teams/{team_id}/invitations")
def create_invitation(request: Request, team_id: Id, form_token: Field, viewer: CurrentParticipant, session: WriteSession) -> HTMLResponse:
    """A code that lets one person in."""
    participants.check_form_token(viewer, form_token)
    _, code = teams.invite(session, viewer, team_id, clock.now())
    return show_team(request, session, viewer, team_id, code)


@router.post("/teams/{team_id}/invitations/{invitation_id}/revoke")
def revoke_invitation(team_id: Id, invitation_id: str, form_token: Field, viewer: CurrentParticipant, session: WriteSession) -> Response:
    """It lets nobody in any more."""
    participants.check_form_token(viewer, form_token)
    teams.revoke_invitation(session, viewer, team_id, invitation_id, clock.now())
    return RedirectResponse(f"/teams/{team_id}", 303)


@router.post("/teams/{team_id}/members/{member_id}/remove")
def remove_member(team_id: Id, member_id: Id, form_token: Field, viewer: CurrentParticipant, session: WriteSession) -> Response:
    """By the lead."""
    participants.check_form_token(viewer, form_token)
    teams.remove(session, viewer, team_id, member_id, clock.now())
    return RedirectResponse(f"/teams/{team_id}", 303)


@router.post("/teams/{team_id}/leave")
def leave_team(team_id: Id, form_token: Field, viewer: CurrentParticipant, session: WriteSession, dissolve: Field = "") -> Response:
    """Go; the last one dissolves the team."""
    participants.check_form_token(viewer, form_token)
    teams.leave(session, viewer, team_id, clock.now(), dissolve=dissolve == "yes")
    return RedirectResponse(f"/teams/{team_id}", 303)
