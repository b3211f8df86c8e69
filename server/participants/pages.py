"""Sign up, sign in, sign out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server import clock
from server.db.session import WriteSession
from server.domain.errors import ParticipantError
from server.domain.participant import Participant
from server.participants import service
from server.participants.service import CurrentParticipant, OptionalParticipant
from server.templating import HOME_PATH, page, safe_next

router = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=500)]
Back = Annotated[str, Form(max_length=500, alias="next")]
AskedBack = Annotated[str, Query(max_length=500, alias="next")]


@router.get("/sign-up")
def sign_up_page(viewer: OptionalParticipant, back: AskedBack = HOME_PATH) -> HTMLResponse:
    """The form."""
    return form(viewer, "Sign up", back)


@router.get("/sign-in")
def sign_in_page(viewer: OptionalParticipant, back: AskedBack = HOME_PATH) -> HTMLResponse:
    """The form."""
    return form(viewer, "Sign in", back)


def form(viewer: Participant | None, title: str, back: str, error: ParticipantError | None = None, name: str = "") -> HTMLResponse:
    """The form, with what was wrong, the name kept and the way back."""
    values = {"title": title, "action": address_of(title), "error": error, "name": name, "back": safe_next(back)}
    shown = page("participants/sign.html", viewer, error.status if error else 200, **values)
    shown.headers.update(error.headers if error else {})
    return shown


def address_of(title: str) -> str:
    """Of the page with that title."""
    return "/" + title.lower().replace(" ", "-")


@router.post("/sign-up")
def sign_up(request: Request, name: Field, password: Field, back: Back = HOME_PATH) -> Response:
    """A new account, signed in at once."""
    return signed(request, "Sign up", name, password, back)


@router.post("/sign-in")
def sign_in(request: Request, name: Field, password: Field, back: Back = HOME_PATH) -> Response:
    """A new session."""
    return signed(request, "Sign in", name, password, back)


def signed(request: Request, title: str, name: str, password: str, back: str) -> Response:
    """One transaction; what is wrong is said in the form, with the name kept."""
    state, action = request.app.state, address_of(title)
    make = action == "/sign-up"
    try:
        if make:
            state.rate_limits.hit("sign-up", service.client_address(request))
        known = None if make else service.guess(request, name, password)
        with state.database.session() as session:
            row = known or service.sign_up(session, name, password, clock.now())
            cookie = service.open_session(session, row.id, clock.now(), state.settings.session_days, service.client_address(request))
    except ParticipantError as error:
        return form(None, title, back, error, name)
    response = RedirectResponse(safe_next(back), 303)
    seconds = state.settings.session_days * 86400
    response.set_cookie(state.cookie_name, cookie, max_age=seconds, httponly=True, samesite="lax", secure=state.settings.https, path="/")
    return response


@router.post("/sign-out")
def sign_out(request: Request, form_token: Field, viewer: CurrentParticipant, session: WriteSession) -> Response:
    """End the session."""
    service.check_form_token(viewer, form_token)
    service.close_session(session, request.cookies.get(request.app.state.cookie_name, ""))
    response = RedirectResponse("/", 303)
    response.delete_cookie(request.app.state.cookie_name, path="/", secure=request.app.state.settings.https, httponly=True)
    return response
