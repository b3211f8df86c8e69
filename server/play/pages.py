"""The page that plays an entry in the visitor's own browser, the frame that it runs in, and that frame's files."""

import json
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.db.session import ReadSession
from server.domain.errors import Forbidden
from server.participants.service import OptionalParticipant
from server.play import service
from server.templating import page
from server.tracks import service as tracks

router = APIRouter(include_in_schema=False)
TYPES = {"js": "text/javascript", "mjs": "text/javascript", "json": "application/json"}
FRAMED = (None, "iframe")  # what a browser says it wants the frame for; older ones say nothing
ANYONE = {"access-control-allow-origin": "*"}  # the frame's origin is opaque: nobody's
PLAY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/tracks/{slug}/play")
def play_page(request: Request, slug: str, session: ReadSession, viewer: OptionalParticipant, entry: str = "") -> HTMLResponse:
    """Runs an entry in the visitor's browser: not a score."""
    rules = tracks.find_track(session, slug)
    service.check_browser(rules)
    shipped, published = service.shipped(rules), service.published(session, rules)
    first = entry or next((each.slug for each in (*shipped, *published)), "")
    chosen = service.find(session, request.app.state.blobs, rules, first) if first else None
    answer = page("play/page.html", viewer, rules=rules, shipped=shipped, published=published, chosen=chosen)
    answer.headers["content-security-policy"] = PLAY_POLICY
    return answer


@router.get("/tracks/{slug}/play/data")
def play_data(slug: str, session: ReadSession) -> Response:
    """What it's played on."""
    rules = tracks.find_track(session, slug)
    service.check_browser(rules)
    return Response(service.data(rules.problem), media_type="application/octet-stream")


@router.get("/tracks/{slug}/play/{entry}/frame")
def play_frame(
    request: Request, slug: str, entry: str, session: ReadSession, sec_fetch_dest: Annotated[str | None, Header()] = None
) -> Response:
    """The frame that the entry runs in: of an opaque origin, with no way out but to its own files. Opened as a page, it's the play page."""
    rules = tracks.find_track(session, slug)
    chosen = service.find(session, request.app.state.blobs, rules, entry)
    if sec_fetch_dest not in FRAMED:
        return RedirectResponse(f"/tracks/{slug}/play?entry={chosen.entry.slug}", 303)
    base = str(request.base_url).rstrip("/")
    files, scripts = f"{base}/tracks/{slug}/play/{chosen.entry.slug}/files/", f"{base}/static/play-frame.js {base}/play/library/"
    answer = page("play/frame.html", None, rules=rules, chosen=chosen, paths=json.dumps(list(chosen.bundle.files)))
    answer.headers["content-security-policy"] = (
        f"sandbox allow-scripts; default-src 'none'; script-src {scripts} {files}; connect-src {files} {base}/play/library/; "
        "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    answer.headers["x-frame-options"] = "SAMEORIGIN"
    return answer


@router.get("/tracks/{slug}/play/{entry}/files/{path:path}")
def play_file(
    request: Request, slug: str, entry: str, path: str, session: ReadSession, origin: Annotated[str | None, Header()] = None
) -> Response:
    """A file of the entry, for a frame of no origin alone: a page of ours must never get a stranger's script from its own origin."""
    chosen = service.find(session, request.app.state.blobs, tracks.find_track(session, slug), entry)
    content = service.file_of(chosen, path)
    if origin != "null":
        raise Forbidden("a played entry's files are for its frame alone", "its source stands on the play page")
    return Response(content, media_type=TYPES.get(path.rpartition(".")[2], "text/plain"), headers=ANYONE | {"vary": "Origin"})


@router.get("/play/library/{name:path}")
def play_library(name: str) -> Response:
    """A script of ours that the frame needs for schedules."""
    return Response(service.library(name), media_type=TYPES[name.rpartition(".")[2]], headers=ANYONE)
