"""Decide, appeal and withdraw, by API."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.reviews import Act
from server.organizers import service
from server.organizers.service import AppealView, DecisionView
from server.participants.service import CurrentParticipant, Organizer

router = APIRouter(prefix="/api/v1/submissions", tags=["submissions"])


class Objection(BaseModel):
    """An appeal for the entry of one host class."""

    model_config = ConfigDict(extra="forbid")
    host_class: str = Field(max_length=60)
    text: str = Field(max_length=4000)


class Withdrawal(BaseModel):
    """Why; public, and may be left out."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=4000)


class Withdrawn(BaseModel):
    """How many entries left their boards."""

    entries: int


class Decision(BaseModel):
    """An organizer's act on the entry of one host class. ``run``: the run it's about (repeat, adopt), or its evidence."""

    model_config = ConfigDict(extra="forbid")
    host_class: str = Field(max_length=60)
    act: Act
    reason: str = Field(max_length=4000)
    run: str = Field("", max_length=200)


@router.get("/{digest}/decisions")
def read_decisions(digest: str, session: ReadSession) -> list[DecisionView]:
    """What was decided on a submission, and why."""
    return service.decisions(session, digest)


@router.post("/{digest}/decisions", status_code=201)
def post_decision(request: Request, digest: str, sent: Decision, session: WriteSession, viewer: Organizer) -> list[DecisionView]:
    """Decide on an entry, with a public reason."""
    hints = request.app.state.hints
    service.act_on(session, hints, viewer, sent.act, digest, sent.host_class, sent.reason, clock.now(), run_id=sent.run)
    session.flush()
    return service.decisions(session, digest)


@router.post("/{digest}/appeals", status_code=201)
def post_appeal(digest: str, sent: Objection, session: WriteSession, participant: CurrentParticipant) -> list[AppealView]:
    """Object to what stands against your entry."""
    service.appeal(session, participant, digest, sent.host_class, sent.text, clock.now())
    return service.appeals(session, digest)


@router.post("/{digest}/withdrawal")
def post_withdrawal(digest: str, sent: Withdrawal, session: WriteSession, participant: CurrentParticipant) -> Withdrawn:
    """Take your submission out of every board; what it was stays in its log."""
    return Withdrawn(entries=service.withdraw(session, participant, digest, sent.reason, clock.now()))
