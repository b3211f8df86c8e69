"""The rules page."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.templating import page
from server.tracks import service

router = APIRouter(include_in_schema=False)


@router.get("/tracks/{slug}/rules")
def rules_page(slug: str, session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """What counts on a track."""
    return page("tracks/rules.html", viewer, rules=service.find_track(session, slug))
