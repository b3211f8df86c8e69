"""Boards by API: exactly what the page shows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from server.boards import service
from server.boards.service import BoardPage
from server.boards.sieve import TEXT_CHARS, Sieve, read_sieve
from server.db.session import ReadSession

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
