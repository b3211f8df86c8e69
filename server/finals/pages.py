"""The page of a season: its final standings, as a table and as CSV."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import HTMLResponse, Response

from server import clock
from server.db.session import ReadSession
from server.domain.errors import NotFound
from server.finals import views
from server.participants.service import OptionalParticipant
from server.templating import csv_table, page
from server.tracks import service as tracks

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Version = Annotated[int | None, Query(ge=1, le=1_000_000)]
Board = Annotated[str, Query(max_length=60)]
COLUMNS = (
    "rank",
    "verdict",
    "submission",
    "name",
    "participant",
    "license",
    "energy_j",
    "loss",
    "train_j",
    "score_j",
    "expanded_j",
    "on_host_j",
    "runs_done",
    "runs_wanted",
    "rank_before",
    "reason",
)


@router.get("/tracks/{slug}/seasons/{number}.csv")
def season_csv(slug: str, number: Number, session: ReadSession, board: Board = "", version: Version = None) -> Response:
    """A line a finalist."""
    boards = tracks.list_boards(session, slug)
    chosen = board or (boards[0].host_class if boards else "")
    shown = views.read_season(session, slug, number, chosen, version, clock.now())
    if shown.version is None:
        raise NotFound(f"season {number} of track {slug} has no final standings yet", "its page says what they wait for")
    return Response(csv_table(COLUMNS, shown.standings), media_type="text/csv; charset=utf-8")


@router.get("/tracks/{slug}/seasons/{number}")
def season_page(
    slug: str, number: Number, session: ReadSession, viewer: OptionalParticipant, board: Board = "", version: Version = None
) -> HTMLResponse:
    """One board's, with tabs to the others."""
    rules, season, boards = tracks.find_track(session, slug), views.find_season(session, slug, number), tracks.list_boards(session, slug)
    chosen = board or (boards[0].host_class if boards else "")
    shown = views.read_season(session, slug, number, chosen, version, clock.now()) if chosen else None
    values = {"rules": rules, "season": season, "boards": boards, "shown": shown}
    return page("finals/season.html", viewer, seasons=tracks.seasons(session, slug), **values)
