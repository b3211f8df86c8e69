"""Boards by API: exactly what the page shows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from server.boards import service, versions
from server.boards.service import BoardPage
from server.boards.sieve import TEXT_CHARS, Sieve, read_sieve
from server.boards.version_pages import FOR_EVER
from server.boards.versions import VersionName
from server.db.session import ReadSession
from server.tracks import service as tracks

router = APIRouter(prefix="/api/v1/tracks", tags=["boards"])


Filter = Annotated[str, Query(max_length=TEXT_CHARS)]


def sieve_of(status: Filter = "", participant: Filter = "", licence: Filter = "", text: Filter = "", budget: Filter = "") -> Sieve:
    """The filters of the page's address. Raises Inadmissible."""
    return read_sieve({"status": status, "participant": participant, "licence": licence, "text": text, "budget": budget})


@router.get("/{slug}/boards/{host_class}")
def read_board(
    slug: str,
    host_class: str,
    session: ReadSession,
    asked: Annotated[Sieve, Depends(sieve_of)],
    limit: Annotated[int, Query(ge=1, le=200)] = service.PAGE_ROWS,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> BoardPage:
    """A page of the board of a track and a host class."""
    return service.read_board(session, slug, host_class, limit, offset, asked)


@router.get("/{slug}/boards/{host_class}/versions")
def read_versions(
    slug: str,
    host_class: str,
    session: ReadSession,
    limit: Annotated[int, Query(ge=1, le=200)] = service.PAGE_ROWS,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> list[VersionName]:
    """The versions of a board's ranking, the newest first."""
    return versions.listed(session, tracks.find_board(session, slug, host_class).id, limit, offset)


@router.get(
    "/{slug}/boards/{host_class}/versions/{number}", response_class=Response, responses={200: {"content": {"application/json": {}}}}
)
def read_version(
    slug: str,
    host_class: str,
    number: Annotated[int, Path(ge=1, le=2**31 - 1)],
    session: ReadSession,
    limit: Annotated[int, Query(ge=1, le=200)] = service.PAGE_ROWS,
    offset: Annotated[int | None, Query(ge=0, le=10_000_000)] = None,
) -> Response:
    """One version as canonical JSON (RFC 8785): the bytes whose sha256 is its digest, unless ``offset`` asks for a page of it."""
    found = versions.read(session, slug, host_class, number, 0)
    content = found.content if offset is None else versions.cut(found.content, limit, offset)
    return Response(content, media_type="application/json", headers=FOR_EVER)
