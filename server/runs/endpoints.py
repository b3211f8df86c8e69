"""Runs by API: for whoever watches, and for the hosts that carry them out."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.run import LEASE_S
from server.hosts import service as hosts
from server.hosts.service import CurrentHost
from server.http_errors import on_participant_error
from server.participants.service import CurrentParticipant
from server.runs import judging, quota, records, service
from server.runs.judging import Desk
from server.runs.live import LiveRuns, without_clock
from server.runs.power_plot import power_csv
from server.runs.quota import QuotaView, TeamQuota
from server.runs.schemas import Claim, ControlReport, FaultReport, Heartbeat, Lease, Report
from server.runs.service import RunView

router = APIRouter(prefix="/api/v1", tags=["runs"])
AttemptId = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True, slots=True)
class Me:
    """Who a credential speaks for; ``quota`` is the person's, alone and in teams together."""

    name: str
    role: str
    runs_left_today: int
    quota: QuotaView
    team: TeamQuota | None


@router.get("/me", tags=["participants"])
def read_me(request: Request, participant: CurrentParticipant, session: ReadSession) -> Me:
    """Who the credential speaks for, and what was used of the day's quota, alone and by the team."""
    accounts = quota.accounts_of(session, participant.id, request.app.state.settings.limits, clock.now())
    return Me(participant.name, participant.role, accounts.own.runs_left, accounts.own, accounts.team)


@router.get("/runs/{run_id}")
def read_run(request: Request, run_id: str, session: ReadSession) -> RunView:
    """One run: where it stands, its figures, its attempts."""
    return service.find_run(session, run_id, request.app.state.instance_secret, clock.now())


@router.get("/runs/{run_id}/log", response_class=Response)
def read_log(run_id: str, session: ReadSession) -> Response:
    """What the entrant's code printed: hostile bytes, as plain text."""
    return Response(service.read_log(session, run_id), media_type="text/plain; charset=utf-8")


@router.get("/runs/{run_id}/trace", response_class=Response)
def read_trace(run_id: str, session: ReadSession) -> Response:
    """The raw readings of both windows: gzipped JSON, the very bytes whose digest is in the record (see ``minjoule.trace``)."""
    headers = {"content-disposition": 'attachment; filename="trace.json.gz"'}
    return Response(service.read_trace(session, run_id), media_type="application/gzip", headers=headers)


@router.get("/runs/{run_id}/trace.csv", response_class=Response)
def read_power(run_id: str, session: ReadSession) -> Response:
    """Power over time as the run page draws it; the bill is made from the raw readings, not from this."""
    return Response(power_csv(service.read_trace(session, run_id)), media_type="text/csv; charset=utf-8")


@router.get("/runs/{run_id}/record")
def read_record(request: Request, run_id: str, session: ReadSession) -> dict[str, Any]:
    """The record that its host signed and this server countersigned; `minjoule verify` checks it."""
    return records.document(session, request.app.state.signing_key, service.evidence(session, run_id))


@router.get("/runs/{run_id}/events", response_class=EventSourceResponse)
async def follow_run(request: Request, run_id: str, session: ReadSession) -> EventSourceResponse:
    """Server-sent events: ``run`` with the run's JSON, now and at every change, until it's final."""
    service.find_run(session, run_id, request.app.state.instance_secret, clock.now(), log=False)
    live: LiveRuns = request.app.state.live_runs

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for text in live.follow(run_id):
            yield ServerSentEvent(text, event="run")

    return EventSourceResponse(events(), ping=15)


def look_at(app: Any) -> LiveRuns:
    """The process's poller, reading through its own short sessions."""

    def look(run_id: str) -> tuple[str, bool]:
        with app.state.database.session(read_only=True) as session:
            view = service.find_run(session, run_id, app.state.instance_secret, clock.now())
        return without_clock(asdict(view)), view.final

    return LiveRuns(look)


def desk(request: Request) -> Desk:
    """Hints and secret of this process."""
    return Desk(request.app.state.hints, request.app.state.instance_secret, request.app.state.signing_key)


@router.post("/host/claims", response_model=None, responses={200: {"model": Claim}, 204: {"description": "nothing waits"}}, tags=["host"])
def create_claim(request: Request, host: CurrentHost, session: WriteSession) -> Claim | Response:
    """The next run for this host."""
    hosts.refuse_unsandboxed(session, host, loopback_only=request.app.state.settings.loopback_only)
    return judging.claim(session, desk(request), host, clock.now()) or Response(status_code=204)


@router.post("/host/controls", status_code=204, tags=["host"])
def post_control(request: Request, said: ControlReport, host: CurrentHost, session: WriteSession) -> None:
    """What the control workload came to; a failure flags this host's runs since its last pass."""
    judging.control(session, desk(request), host, said, clock.now())


@router.get("/host/attempts/{attempt_id}/bundle", response_class=Response, tags=["host"])
def read_bundle(request: Request, attempt_id: AttemptId, host: CurrentHost, session: ReadSession) -> Response:
    """The bundle of an attempt under way."""
    return Response(judging.bundle(session, request.app.state.blobs, host, attempt_id), media_type="application/zip")


@router.post("/host/attempts/{attempt_id}/heartbeat", tags=["host"])
def post_heartbeat(attempt_id: AttemptId, beat: Heartbeat, host: CurrentHost, session: WriteSession) -> Lease:
    """I'm alive."""
    judging.heartbeat(session, host, attempt_id, beat, clock.now())
    return Lease(lease_s=LEASE_S)


@router.post("/host/attempts/{attempt_id}/report", response_model=Lease, tags=["host"])
def post_report(request: Request, attempt_id: AttemptId, said: Report, host: CurrentHost, session: WriteSession) -> Lease | Response:
    """The end of an attempt."""
    refusal = judging.report(session, desk(request), host, attempt_id, said, clock.now())
    return on_participant_error(request, refusal) if refusal else Lease(lease_s=0)


@router.post("/host/attempts/{attempt_id}/fault", tags=["host"])
def post_fault(request: Request, attempt_id: AttemptId, said: FaultReport, host: CurrentHost, session: WriteSession) -> Lease:
    """The attempt failed by our fault."""
    judging.fault(session, desk(request), host, attempt_id, said, clock.now())
    return Lease(lease_s=0)
