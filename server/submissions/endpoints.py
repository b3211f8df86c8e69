"""Submissions by API."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from minjoule.bundle import MAX_ZIP_BYTES
from server.db.session import ReadSession
from server.domain.errors import TooLarge
from server.participants import teams
from server.participants.service import CurrentParticipant, OptionalParticipant, client_address
from server.submissions import service
from server.submissions.service import SubmissionBrief, SubmissionView

router = APIRouter(prefix="/api/v1/submissions", tags=["submissions"])


@router.put("", status_code=201, responses={200: {"description": "the digest was known"}})
async def put_submission(
    request: Request, response: Response, participant: CurrentParticipant, team: Annotated[str, Query(max_length=100)] = ""
) -> SubmissionView:
    """Send a bundle as a zip (the raw body) and queue its runs; in the name of your team, if you give its name."""
    request.app.state.rate_limits.hit("upload", client_address(request))
    data = await bounded_body(request)
    view, fresh = await run_in_threadpool(service.take, request.app.state, participant, data, team)
    response.status_code = 201 if fresh else 200
    return view


@router.get("")
def read_submissions(
    session: ReadSession, participant: OptionalParticipant, mine: bool = False, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[SubmissionBrief]:
    """The newest submissions: everybody's, or with ``mine`` yours and your team's."""
    return service.recent(session, teams.names_of(session, participant.id) if mine and participant else None, limit)


@router.get("/{digest}")
def read_submission(digest: str, session: ReadSession) -> SubmissionView:
    """One submission with its entries and runs, by digest or the first 8 digits of it."""
    return service.find(session, digest)


async def bounded_body(request: Request) -> bytes:
    """The raw body, refused as soon as it's over the cap, whatever it declared. Raises TooLarge."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_ZIP_BYTES:
            raise TooLarge(f"the upload has more than {MAX_ZIP_BYTES} bytes, the limit for a bundle's zip", "bundles hold source text only")
    return bytes(body)
