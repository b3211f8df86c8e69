"""Records by API, and replications."""

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from server import clock
from server.db.session import ReadSession, WriteSession
from server.participants.service import CurrentParticipant
from server.records import checks, service
from server.records.service import RecordView
from server.tracks import service as tracks

router = APIRouter(prefix="/api/v1", tags=["records"])


class ReplicationRequest(BaseModel):
    """On which board."""

    model_config = ConfigDict(extra="forbid")

    host_class: str = Field(max_length=60)


class ReplicationAnswer(BaseModel):
    """The runs that were queued."""

    runs: list[str]


@router.get("/tracks/{slug}/boards/{host_class}/records")
def read_records(slug: str, host_class: str, session: ReadSession) -> list[RecordView]:
    """A board's records, oldest first, revoked ones included."""
    return service.history(session, tracks.find_board(session, slug, host_class))


@router.post("/submissions/{digest}/replications", status_code=201)
def create_replication(
    request: Request,
    wanted: ReplicationRequest,
    participant: CurrentParticipant,
    session: WriteSession,
    digest: str = Path(pattern="^[0-9a-f]{64}$"),
) -> ReplicationAnswer:
    """Have a listed submission run again on fresh instances, from your own quota; a disagreement disputes it."""
    state = request.app.state
    queued = checks.replicate(session, state.hints, participant, digest, wanted.host_class, state.settings.limits, clock.now())
    return ReplicationAnswer(runs=[run.id for run in queued])
