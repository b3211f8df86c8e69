"""A board's versions as pages and as CSV: permanent links.

What is in a version never changes, so its CSV may be kept for ever. The page around it says what happened since, and may not.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from server.boards import versions
from server.boards.service import PAGE_ROWS
from server.boards.sheet import as_csv
from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.templating import page
from server.tracks import service as tracks

router = APIRouter(prefix="/tracks/{slug}/boards/{host_class}/versions", include_in_schema=False)
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
REMEMBER_S = 1.0
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
MaybeOffset = Annotated[int | None, Query(ge=0, le=10_000_000)]


@router.get("")
def versions_page(slug: str, host_class: str, session: ReadSession, viewer: OptionalParticipant, offset: Offset = 0) -> HTMLResponse:
    """Every version, the newest first."""
    rules, board = tracks.find_track(session, slug), tracks.find_board(session, slug, host_class)
    newest = versions.latest(session, board.id)
    values = {"rules": rules, "board": board, "newest": newest.number if newest else 0, "offset": offset, "limit": PAGE_ROWS}
    return page("tracks/versions.html", viewer, versions=versions.listed(session, board.id, PAGE_ROWS, offset), **values)


@router.get("/{number}.csv")
def version_csv(slug: str, host_class: str, number: Number, session: ReadSession, offset: MaybeOffset = None) -> Response:
    """The rows of the page of that offset; all of the version without one."""
    shown = versions.read(session, slug, host_class, number, None if offset is None else PAGE_ROWS, offset or 0)
    return Response(as_csv(shown.meters, shown.entries), media_type="text/csv; charset=utf-8", headers=FOR_EVER)


@router.get("/{number}")
def version_page(
    request: Request, slug: str, host_class: str, number: Number, session: ReadSession, viewer: OptionalParticipant, offset: Offset = 0
) -> HTMLResponse:
    """The ranking as it was then, with what became of its entries."""
    shown = versions.read(session, slug, host_class, number, PAGE_ROWS, offset)
    request.state.remember_s = REMEMBER_S
    answer = page("tracks/version.html", viewer, board=shown, since=versions.since(session, shown))
    answer.headers["cache-control"] = "private, no-cache"
    return answer
