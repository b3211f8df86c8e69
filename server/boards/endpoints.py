"""Boards by API: exactly what the page shows."""

from typing import Annotated

from fastapi import APIRouter, Query

from server.boards import service
from server.boards.service import BoardPage
from server.db.session import ReadSession

router = APIRouter(prefix="/api/v1/tracks", tags=["boards"])


@router.get("/{slug}/boards/{host_class}")
def read_board(
    slug: str,
    host_class: str,
    session: ReadSession,
    limit: Annotated[int, Query(ge=1, le=200)] = service.PAGE_ROWS,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> BoardPage:
    """A page of the board of a track and a host class."""
    return service.read_board(session, slug, host_class, limit, offset)
