"""The organizers' page: enrol hosts, revoke them."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from minjoule.tracks import BOUNDARIES
from server import audit, clock
from server.db.session import ReadSession, WriteSession
from server.domain.errors import Inadmissible
from server.domain.participant import Participant
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.organizers import service
from server.participants.service import Organizer, actor_of, check_form_token
from server.runs import judging
from server.templating import page

router = APIRouter(prefix="/organizer", include_in_schema=False)
Field = Annotated[str, Form(max_length=200)]


@router.get("")
def organizer_page(request: Request, session: ReadSession, viewer: Organizer) -> HTMLResponse:
    """Hosts and codes."""
    return shown(request, session, viewer, "")


def shown(request: Request, session: Session, viewer: Participant, code: str) -> HTMLResponse:
    """The page; a new code is shown this once."""
    server = request.app.state.settings.public_url
    values = {"boundaries": BOUNDARIES, "hosts": hosts.list_hosts(session), "loopback": request.app.state.settings.loopback_only}
    return page("organizers/organizer.html", viewer, error=None, code=code, server=server, waiting=len(service.cases(session)), **values)


@router.post("/codes")
def create_code(
    request: Request,
    form_token: Field,
    host_class: Field,
    title: Field,
    boundary: Field,
    viewer: Organizer,
    session: WriteSession,
    unsandboxed: Annotated[bool, Form()] = False,
    promises_gpu: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """A one-time code."""
    check_form_token(viewer, form_token)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,59}", host_class) or boundary not in BOUNDARIES:
        raise Inadmissible(
            f"host class {host_class[:60]!r} or boundary {boundary[:40]!r} isn't allowed", "lower case, digits, dots and hyphens"
        )
    loopback = request.app.state.settings.loopback_only
    wanted = NewClass(host_class, title[:120], boundary, unsandboxed, promises_gpu)
    code = hosts.issue_code(session, wanted, loopback_only=loopback, now=clock.now())
    audit.record(session, actor_of(viewer.id), "host_code_made", host_class, boundary, now=clock.now())
    return shown(request, session, viewer, code)


@router.post("/hosts/{name}/revoke")
def revoke_host(request: Request, name: str, form_token: Field, viewer: Organizer, session: WriteSession) -> Response:
    """End a host's token; its open attempts are queued again."""
    check_form_token(viewer, form_token)
    judging.revoke_host(session, request.app.state.hints, name, clock.now())
    audit.record(session, actor_of(viewer.id), "host_revoked", name, now=clock.now())
    return RedirectResponse("/organizer", 303)
