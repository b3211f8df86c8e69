"""The run page."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from server import clock
from server.db.session import ReadSession
from server.participants.service import OptionalParticipant
from server.runs import service
from server.runs.breakdown import breakdown
from server.runs.power_plot import power_view
from server.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/runs/{run_id}")
def run_page(request: Request, run_id: str, session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """One run, live; with its power over time once it's done."""
    run = service.find_run(session, run_id, request.app.state.instance_secret, clock.now())
    packed = service.read_trace(session, run_id) if run.has_evidence else None
    parts = breakdown(packed) if packed else None
    power = power_view(packed) if packed and parts is None else None  # counts come all at once: over time there's nothing to see
    return page("runs/run.html", viewer, run=run, power=power, parts=parts)
