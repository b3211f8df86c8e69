"""The history of a track's records."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.records import service
from server.records.plot import record_plot
from server.templating import page
from server.tracks import service as tracks

router = APIRouter(include_in_schema=False)


@router.get("/tracks/{slug}/records")
def records_page(
    slug: str, session: ReadSession, viewer: OptionalParticipant, board: Annotated[str, Query(max_length=60)] = ""
) -> HTMLResponse:
    """One board's, with tabs to the others."""
    rules, boards = tracks.find_track(session, slug), tracks.list_boards(session, slug)
    chosen = tracks.find_board(session, slug, board or boards[0].host_class) if boards or board else None
    records = service.history(session, chosen) if chosen else []
    grants = chosen is not None and service.grants_records(session, chosen)
    values = {"rules": rules, "boards": boards, "board": chosen, "grants": grants, "plot": record_plot(records)}
    return page("tracks/records.html", viewer, records=list(reversed(records)), **values)
