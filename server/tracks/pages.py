"""The rules page, and the page that plays an entry in the visitor's own browser."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.templating import page
from server.tracks import play, service

router = APIRouter(include_in_schema=False)
TYPES = {"js": "text/javascript", "json": "application/json"}
ANYONE = {"access-control-allow-origin": "*"}  # the frame's origin is opaque: nobody's
PLAY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/tracks/{slug}/rules")
def rules_page(
    slug: str, session: ReadSession, viewer: OptionalParticipant, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> HTMLResponse:
    """What counts on a track, or counted by an older version."""
    rules = service.find_rules(session, slug, version)
    values = {"versions": service.versions(session, slug), "seasons": service.seasons(session, slug)}
    return page("tracks/rules.html", viewer, rules=rules, current=service.find_track(session, slug).rules_version, **values)


@router.get("/tracks/{slug}/play")
def play_page(slug: str, session: ReadSession, viewer: OptionalParticipant, entry: str = "") -> HTMLResponse:
    """Runs an entry in the visitor's browser: not a score."""
    rules = service.find_track(session, slug)
    entries = play.playable(rules)
    chosen = play.find(rules, entry) if entry else next(iter(entries), None)
    answer = page("tracks/play.html", viewer, rules=rules, entries=entries, chosen=chosen)
    answer.headers["content-security-policy"] = PLAY_POLICY
    return answer


@router.get("/tracks/{slug}/play/data")
def play_data(slug: str, session: ReadSession) -> Response:
    """What it's played on."""
    rules = service.find_track(session, slug)
    play.playable(rules)
    return Response(play.data(rules.problem), media_type="application/octet-stream")


@router.get("/tracks/{slug}/play/{entry}/frame")
def play_frame(request: Request, slug: str, entry: str, session: ReadSession) -> HTMLResponse:
    """The frame that the entry runs in: of an opaque origin, with no way out but to its own files."""
    rules = service.find_track(session, slug)
    chosen = play.find(rules, entry)
    base = f"{str(request.base_url).rstrip('/')}"
    files, scripts = f"{base}/tracks/{slug}/play/{entry}/files/", f"{base}/static/play-frame.js {base}/play/library/"
    answer = page("tracks/play_frame.html", None, rules=rules, chosen=chosen)
    answer.headers["content-security-policy"] = (
        f"sandbox allow-scripts; default-src 'none'; script-src {scripts} {files}; connect-src {files} {base}/play/library/; "
        "base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )
    answer.headers["x-frame-options"] = "SAMEORIGIN"
    return answer


@router.get("/tracks/{slug}/play/{entry}/files/{path:path}")
def play_file(slug: str, entry: str, path: str, session: ReadSession) -> Response:
    """A file of the entry."""
    content = play.file_of(service.find_track(session, slug), entry, path)
    return Response(content, media_type=TYPES.get(path.rpartition(".")[2], "text/plain"), headers=ANYONE)


@router.get("/play/library/{name:path}")
def play_library(name: str) -> Response:
    """A script of ours that the frame needs for schedules."""
    return Response(play.library(name), media_type=TYPES[name.rpartition(".")[2]], headers=ANYONE)
