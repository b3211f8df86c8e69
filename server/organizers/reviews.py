"""The organizers' queue and the review of a submission; each act is a form with a public reason."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.errors import Inadmissible
from server.domain.reviews import Act
from server.organizers import service
from server.participants.service import Organizer, check_form_token
from server.records import service as records
from server.templating import page

router = APIRouter(prefix="/organizer/reviews", include_in_schema=False)
Field = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=4000)]


@router.get("")
def queue_page(session: ReadSession, viewer: Organizer) -> HTMLResponse:
    """Appeals first, then what is disputed, disqualified, flagged or held."""
    return page("organizers/queue.html", viewer, cases=service.cases(session))


@router.get("/{digest}")
def review_page(digest: str, session: ReadSession, viewer: Organizer) -> HTMLResponse:
    """One submission's entries, with what can be done."""
    submission = records.find_submission(session, digest)
    values = {"decisions": service.decisions(session, digest), "appeals": service.appeals(session, digest), "acts": list(Act)}
    return page("organizers/review.html", viewer, submission=submission, entries=service.stands(session, digest), **values)


@router.post("/{digest}")
def act(
    request: Request,
    digest: str,
    form_token: Field,
    host_class: Field,
    act: Field,
    reason: Text,
    viewer: Organizer,
    session: WriteSession,
    run: Field = "",
) -> Response:
    """One act on one entry."""
    check_form_token(viewer, form_token)
    if act not in set(Act):
        raise Inadmissible(f"there is no act {act[:40]!r}", f"they are: {', '.join(Act)}")
    service.act_on(session, request.app.state.hints, viewer, Act(act), digest, host_class, reason, clock.now(), run_id=run)
    return RedirectResponse(f"/organizer/reviews/{digest}", 303)


@router.post("/{digest}/reply")
def reply(
    digest: str, form_token: Field, host_class: Field, verdict: Field, reason: Text, viewer: Organizer, session: WriteSession
) -> Response:
    """Answer an appeal."""
    check_form_token(viewer, form_token)
    if verdict not in ("uphold", "reject"):
        raise Inadmissible(f"the verdict is {verdict[:40]!r}", "uphold or reject")
    service.reply(session, viewer, digest, host_class, verdict == "uphold", reason, clock.now())
    return RedirectResponse(f"/organizer/reviews/{digest}", 303)
