"""Accounts by API."""

from fastapi import APIRouter, Request

from server import clock
from server.db.session import WriteSession
from server.participants import service
from server.participants.schemas import TokenAnswer, TokenRequest
from server.participants.service import CurrentParticipant

router = APIRouter(prefix="/api/v1", tags=["participants"])


@router.post("/tokens", status_code=201)
def create_token(request: Request, wanted: TokenRequest) -> TokenAnswer:
    """Name and password for an API token."""
    state = request.app.state
    owner = service.guess(request, wanted.name, wanted.password)
    with state.database.session() as session:
        token = service.issue_token(session, owner.id, wanted.label, clock.now(), state.settings.token_days)
    return TokenAnswer(token=token, name=owner.name, expires_days=state.settings.token_days)


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(token_id: str, participant: CurrentParticipant, session: WriteSession) -> None:
    """Revoke one of your tokens."""
    service.revoke_token(session, participant.id, token_id, clock.now())
