"""Hosts by API: enrolment, and the public list."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from server import clock
from server.db.session import ReadSession, WriteSession
from server.hosts import service
from server.hosts.service import CurrentHost, Enrolled, HostView
from server.participants.service import client_address
from server.queue_users import keep_users

router = APIRouter(prefix="/api/v1", tags=["hosts"])


class EnrolmentRequest(BaseModel):
    """A one-time code, and what the machine says of itself."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=100)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,58}$")
    facts: dict[str, Any] = Field(default_factory=dict)
    public_key: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


@router.post("/host/enrolments", status_code=201)
def create_enrolment(request: Request, wanted: EnrolmentRequest, session: WriteSession) -> Enrolled:
    """Enrol this machine as a host."""
    request.app.state.rate_limits.hit("enrol", client_address(request))
    enrolled = service.enrol_now(session, wanted.code, wanted.name, wanted.facts, wanted.public_key)
    users = service.queue_users(session, request.app.state.instance_secret)
    if not keep_users(request.app.state.settings.redis_url, users):
        return enrolled
    own = next(user for user in users if user.name.endswith(f"-{enrolled.host_id}"))
    return replace(enrolled, queue_user=own.name, queue_password=own.password)


@router.post("/host/presence", status_code=204)
def post_presence(host: CurrentHost, session: WriteSession) -> None:
    """This host is here, and has nothing to do."""
    service.note_seen(session, host.id, clock.now())


@router.get("/hosts")
def read_hosts(session: ReadSession) -> list[HostView]:
    """Every host, as the public may see it."""
    return service.list_hosts(session)
