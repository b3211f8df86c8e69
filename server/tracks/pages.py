"""The rules page."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.templating import page
from server.tracks import service

router = APIRouter(include_in_schema=False)


@router.get("/tracks/{slug}/rules")
def rules_page(
    slug: str, session: ReadSession, viewer: OptionalParticipant, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> HTMLResponse:
    """What counts on a track, or counted by an older version."""
    rules = service.find_rules(session, slug, version)
    values = {"versions": service.versions(session, slug), "seasons": service.seasons(session, slug)}
    return page("tracks/rules.html", viewer, rules=rules, current=service.find_track(session, slug).rules_version, **values)
