"""A season's final standings by API: exactly what the page shows."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from server import clock
from server.db.session import ReadSession
from server.finals import views
from server.finals.views import SeasonView

router = APIRouter(prefix="/api/v1/tracks", tags=["seasons"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Version = Annotated[int | None, Query(ge=1, le=1_000_000)]


@router.get("/{slug}/seasons/{number}/boards/{host_class}")
def read_season(slug: str, number: Number, host_class: str, session: ReadSession, version: Version = None) -> SeasonView:
    """Where a season stands on a board, and its final standings once its final runs have ended."""
    return views.read_season(session, slug, number, host_class, version, clock.now())
