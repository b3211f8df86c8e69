"""Hosts: one-time codes, enrolment, and who speaks for a host."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from server import audit, clock
from server.db.rows import EnrolmentCodeRow, HostClassRow, HostRow
from server.domain.errors import Closed, Conflict, Inadmissible, NotFound, Unauthorized
from server.domain.keys import hashed, new_token, read_token
from server.domain.plausibility import bounds_from
from server.hosts import repository
from server.participants.service import bearer
from server.queue_users import QueueUser, queue_user
from server.tracks import service as tracks

CODE_LIFE = dt.timedelta(hours=1)
UNSANDBOXED = "an unsandboxed host may judge only where the server is reachable from its own machine alone"
SEEN_WITHIN = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class HostView:
    """A host in public: no credential, no address."""

    name: str
    host_class: str
    title: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    promises_gpu: bool
    enrolled_at: dt.datetime
    last_seen_at: dt.datetime | None
    revoked_at: dt.datetime | None
    facts: dict[str, Any]
    control_at: dt.datetime | None = None
    control_passed_at: dt.datetime | None = None
    control_said: str | None = None

    @property
    def stands_down(self) -> bool:
        """Its last control workload failed: it judges nothing until one passes."""
        return self.control_at is not None and self.control_at != self.control_passed_at

    def alive(self, now: dt.datetime) -> bool:
        """Heard of lately and not revoked."""
        return self.revoked_at is None and self.last_seen_at is not None and now - self.last_seen_at < SEEN_WITHIN


@dataclass(frozen=True, slots=True)
class NewClass:
    """A host class as a code names it; made if it's new."""

    name: str
    title: str
    boundary: str
    unsandboxed: bool
    promises_gpu: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a freshly enrolled host learns; the token is shown once."""

    host_id: int
    host_class: str
    boundary: str
    unsandboxed: bool
    token: str
    promises_gpu: bool = False
    queue_user: str | None = None
    queue_password: str | None = None


@dataclass(frozen=True, slots=True)
class HostIdentity:
    """A host that showed its token."""

    id: int
    name: str
    host_class: str


def issue_code(session: Session, wanted: NewClass, *, loopback_only: bool, now: dt.datetime) -> str:
    """A one-time enrolment code; makes the class and its boards. Raises Conflict for an unsandboxed class on a public server."""
    if wanted.unsandboxed and not loopback_only:
        raise Conflict(UNSANDBOXED, "use a Docker host")
    row = session.get(HostClassRow, wanted.name)
    if row is None:
        modelled = wanted.boundary.startswith("modelled-")
        row = HostClassRow(name=wanted.name, title=wanted.title, boundary=wanted.boundary, modelled=modelled, created_at=now)
        row.unsandboxed, row.promises_gpu = wanted.unsandboxed, wanted.promises_gpu
        session.add(row)
        session.flush()
    elif (row.boundary, row.unsandboxed, row.promises_gpu) != (wanted.boundary, wanted.unsandboxed, wanted.promises_gpu):
        raise Conflict(
            f"host class {row.name} exists with boundary {row.boundary}, unsandboxed={row.unsandboxed} and promises_gpu={row.promises_gpu}",
            "say the same of it, or choose another name",
        )
    tracks.ensure_boards(session, row)
    code = secrets.token_urlsafe(18)
    session.add(EnrolmentCodeRow(code_hash=hashed(code), host_class=row.name, created_at=now, expires_at=now + CODE_LIFE))
    return code


def enrol(session: Session, code: str, name: str, facts: dict[str, Any], now: dt.datetime, public_key: str | None = None) -> Enrolled:
    """Use a code. Raises Unauthorized, Closed, Conflict."""
    row = session.get(EnrolmentCodeRow, hashed(code))
    if row is None:
        raise Unauthorized("this enrolment code is unknown", "an organizer makes one with `minjoule-admin host code`")
    if row.used_at or row.expires_at <= now:
        raise Closed("this enrolment code was used or has expired: it works once, within an hour", "ask for a new one")
    if repository.by_name(session, name):
        raise Conflict(f"a host named {name!r} is enrolled already", "choose another name, or revoke the other")
    row.used_at = now
    host_class = session.get_one(HostClassRow, row.host_class)
    host = HostRow(name=name, host_class=row.host_class, token_hash=secrets.token_hex(32), facts=facts, enrolled_at=now)
    host.public_key = public_key
    session.add(host)
    session.flush()
    token, host.token_hash = new_token("host", str(host.id))
    audit.record(session, f"host {name}", "host_enrolled", row.host_class, now=now)
    return Enrolled(host.id, host.host_class, host_class.boundary, host_class.unsandboxed, token, host_class.promises_gpu)


def queue_users(session: Session, secret: bytes) -> list[QueueUser]:
    """Of every host that may judge."""
    rows = [row for row, _ in repository.all_hosts(session) if row.revoked_at is None]
    return [queue_user(secret, row.id, row.token_hash, row.host_class) for row in rows]


def revoke(session: Session, name: str, now: dt.datetime) -> int:
    """End a host's token; returns its id, so that its open attempts can be faulted. Raises NotFound."""
    row = repository.by_name(session, name)
    if row is None:
        raise NotFound(f"there is no host {name[:60]!r}", "`minjoule-admin host list` lists them")
    row.revoked_at = row.revoked_at or now
    return row.id


def list_hosts(session: Session) -> list[HostView]:
    """Every host."""
    return [
        HostView(
            name=host.name,
            host_class=host.host_class,
            title=host_class.title,
            boundary=host_class.boundary,
            modelled=host_class.modelled,
            unsandboxed=host_class.unsandboxed,
            promises_gpu=host_class.promises_gpu,
            enrolled_at=host.enrolled_at,
            last_seen_at=host.last_seen_at,
            revoked_at=host.revoked_at,
            facts=host.facts,
            control_at=host.control_at,
            control_passed_at=host.control_passed_at,
            control_said=host.control_said,
        )
        for host, host_class in repository.all_hosts(session)
    ]


def live_hosts(session: Session, host_class: str, now: dt.datetime) -> list[int]:
    """Ids of the class's hosts that were heard of lately, the longest enrolled first."""
    rows = [host for host, _ in repository.all_hosts(session) if host.host_class == host_class and host.revoked_at is None]
    return sorted(host.id for host in rows if host.last_seen_at is not None and now - host.last_seen_at < SEEN_WITHIN)


def in_service(session: Session, host_id: int) -> bool:
    """Not revoked; it may be silent for a while."""
    return session.get_one(HostRow, host_id).revoked_at is None


def name_of(session: Session, host_id: int) -> str:
    """As it was enrolled."""
    return session.get_one(HostRow, host_id).name


def current_host(request: Request) -> HostIdentity:
    """The host whose token the request shows. Raises Unauthorized."""
    read = read_token(bearer(request) or "", "host")
    if read is None or not read[0].isdigit() or len(read[0]) > 9:
        raise Unauthorized("this needs a host token", "enrol the host with a one-time code")
    with request.app.state.database.session(read_only=True) as session:
        row = session.get(HostRow, int(read[0]))
        if row is None or not secrets.compare_digest(row.token_hash, read[1]) or row.revoked_at:
            raise Unauthorized("this host token is unknown or revoked", "enrol the host with a new code")
        return HostIdentity(row.id, row.name, row.host_class)


def refuse_unsandboxed(session: Session, host: HostIdentity, *, loopback_only: bool) -> None:
    """Before every claim, for a server may be started anew on another address. Raises Conflict."""
    if not loopback_only and session.get_one(HostClassRow, host.host_class).unsandboxed:
        raise Conflict(f"{UNSANDBOXED}; this one listens beyond loopback", "start it with --host 127.0.0.1, or revoke the host")


CurrentHost = Annotated[HostIdentity, Depends(current_host)]


def note_seen(session: Session, host_id: int, now: dt.datetime) -> None:
    """The host spoke."""
    session.get_one(HostRow, host_id).last_seen_at = now


def note_control(session: Session, host_id: int, said: str, now: dt.datetime, *, passed: bool) -> dt.datetime | None:
    """Keep what a host's control workload came to; returns when the one before it had passed, None if none ever had."""
    row = session.get_one(HostRow, host_id)
    before, row.control_at, row.control_said = row.control_passed_at, now, said
    if passed:
        row.control_passed_at = now
    return before


def fix_bounds(session: Session, host: HostIdentity, idle_w: float, rated_w: float | None, now: dt.datetime) -> None:
    """What a host's power must lie between from now on, by its first calibration that passed. A host that could move its bounds had none.

    Other hardware is another host: revoke this one and enrol it anew.
    """
    row = session.get_one(HostRow, host.id)
    if not session.get_one(HostClassRow, row.host_class).modelled and "least_w" not in row.facts:
        bounds = bounds_from(idle_w, rated_w)
        row.facts = bounds | row.facts  # what it enrolled with stays
        audit.record(session, f"host {host.name}", "bounds_fixed", row.host_class, str(bounds), now=now)


def check_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts are small and flat. Raises Inadmissible."""
    if len(facts) > 50 or any(not isinstance(value, (str, int, float, bool)) or len(str(value)) > 300 for value in facts.values()):
        raise Inadmissible("the host's facts are too many or too large: at most 50 plain values of 300 characters", "send fewer")
    return facts


def enrol_now(session: Session, code: str, name: str, facts: dict[str, Any], public_key: str | None) -> Enrolled:
    """Enrol at the present instant."""
    return enrol(session, code, name, check_facts(facts), clock.now(), public_key)
