"""Accounts, sessions and API tokens: who is it, and how do we know."""

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import Depends, Request
from pwdlib import PasswordHash
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import audit, clock
from server.db.rows import ApiTokenRow, ParticipantRow, SessionRow
from server.db.session import Database
from server.domain.errors import Conflict, Forbidden, NotFound, QuotaExceeded, Unauthorized
from server.domain.keys import hashed, new_token, read_token
from server.domain.participant import Participant, checked_name, checked_password, name_key
from server.participants import repository

HASHER = PasswordHash.recommended()
HASHING = BoundedSemaphore(2)  # argon2 takes 64 MiB a time
WAITING = BoundedSemaphore(10)  # at work and in the queue: each holds one of the server's forty threads
SOON_S = 2
NOBODY_HASH = HASHER.hash("nobody's password")
HOW_TO_LOGIN = "run `minjoule login`, or make a token on your page"


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token without its secret."""

    id: str
    label: str
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


def actor_of(participant_id: int) -> str:
    """A participant in the audit log."""
    return f"participant {participant_id}"


def sign_up(session: Session, name: str, password: str, now: dt.datetime, role: str = "participant") -> ParticipantRow:
    """A new account. Raises Inadmissible, Conflict."""
    name = checked_name(name)
    checked_password(password)
    if repository.by_name_key(session, name_key(name)):
        raise Conflict(f"the name {name!r} is taken", "choose another name, or sign in")
    with hashing():
        row = ParticipantRow(name=name, name_key=name_key(name), password_hash=HASHER.hash(password), role=role, created_at=now)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"the name {name!r} is taken", "choose another name, or sign in") from None
    audit.record(session, actor_of(row.id), "account_made", role, now=now)
    return row


@contextmanager
def hashing() -> Iterator[None]:
    """Room for one password's hash. Raises QuotaExceeded where too many wait, rather than hold up everybody else."""
    if not WAITING.acquire(blocking=False):
        raise QuotaExceeded("too many passwords are being checked just now", f"try again in {SOON_S} s", retry_after_s=SOON_S)
    try:
        with HASHING:
            yield
    finally:
        WAITING.release()


def check_password(database: Database, name: str, password: str) -> ParticipantRow:
    """The account, if the password is right. Takes as long for a name that nobody has, or a team. Raises Unauthorized, QuotaExceeded.

    No session is held meanwhile: a hash takes long, and connections are few.
    """
    with database.session(read_only=True) as session:
        row = repository.by_name_key(session, name_key(name))
    person = row if row is not None and not row.is_team else None
    with hashing():
        right = HASHER.verify(password[:200], person.password_hash if person else NOBODY_HASH)
    if person is None or not right:
        raise Unauthorized("the name or the password is wrong", "try again, or sign up")
    return person


def guess(request: Request, name: str, password: str) -> ParticipantRow:
    """The account, if the password is right; counted by address and by account. Raises Unauthorized, QuotaExceeded.

    A name that nobody has is counted, answered and logged like any other: nothing tells which names there are.
    """
    state, address, account = request.app.state, client_address(request), hashed(name_key(name))
    state.rate_limits.hit("sign-in", address)
    try:
        state.rate_limits.hit("password", account)
    except QuotaExceeded:
        if state.rate_limits.first("password-refusal", account):  # once an hour: a log isn't there to be flooded
            note_refusal(state.database, name, address, clock.now(), "sign_ins_limited")
        raise
    try:
        row = check_password(state.database, name, password)
    except Unauthorized:
        note_refusal(state.database, name, address, clock.now())
        raise
    state.rate_limits.forgive("password", account)
    return row


def open_session(session: Session, participant_id: int, now: dt.datetime, days: int, address: str = "") -> str:
    """A new browser session; returns the cookie's value."""
    audit.record(session, actor_of(participant_id), "signed_in", address, now=now)
    token = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            token_hash=hashed(token),
            participant_id=participant_id,
            csrf_token=secrets.token_urlsafe(24),
            created_at=now,
            expires_at=now + dt.timedelta(days=days),
        )
    )
    return token


def close_session(session: Session, cookie: str) -> None:
    """Sign out."""
    row = session.get(SessionRow, hashed(cookie))
    if row:
        session.delete(row)
        audit.record(session, actor_of(row.participant_id), "signed_out", now=clock.now())


def issue_token(session: Session, participant_id: int, label: str, now: dt.datetime, days: int) -> str:
    """A new API token; its only appearance in full."""
    identity = secrets.token_hex(6)
    token, secret_hash = new_token("cli", identity)
    label = checked_name(label or "command line")
    row = ApiTokenRow(id=identity, participant_id=participant_id, label=label, secret_hash=secret_hash, created_at=now)
    row.expires_at = now + dt.timedelta(days=days)
    session.add(row)
    audit.record(session, actor_of(participant_id), "token_issued", identity, label, now=now)
    return token


def list_tokens(session: Session, participant_id: int) -> list[TokenView]:
    """A participant's tokens."""
    rows = repository.tokens_of(session, participant_id)
    return [TokenView(row.id, row.label, row.created_at, row.expires_at, row.last_used_at, row.revoked_at) for row in rows]


def revoke_token(session: Session, participant_id: int, token_id: str, now: dt.datetime) -> None:
    """End a token. Raises NotFound for somebody else's as for none."""
    row = session.get(ApiTokenRow, token_id)
    if row is None or row.participant_id != participant_id:
        raise NotFound(f"you have no token {token_id!r}", "your page lists your tokens")
    if row.revoked_at is None:
        row.revoked_at = now
        audit.record(session, actor_of(participant_id), "token_revoked", token_id, now=now)


def by_token(session: Session, token: str, now: dt.datetime) -> tuple[Participant, bool]:
    """Who a bearer token speaks for, and whether its last use should be written. Raises Unauthorized."""
    read = read_token(token, "cli")
    row = session.get(ApiTokenRow, read[0]) if read else None
    if read is None or row is None or not secrets.compare_digest(row.secret_hash, read[1]):
        raise Unauthorized("this API token is unknown", HOW_TO_LOGIN)
    if row.revoked_at:
        raise Unauthorized(f"this API token was revoked on {row.revoked_at:%Y-%m-%d %H:%M} UTC", HOW_TO_LOGIN)
    if row.expires_at <= now:
        raise Unauthorized(f"this API token expired on {row.expires_at:%Y-%m-%d %H:%M} UTC", HOW_TO_LOGIN)
    owner = session.get_one(ParticipantRow, row.participant_id)
    stale = row.last_used_at is None or now - row.last_used_at > dt.timedelta(minutes=1)
    return Participant(owner.id, owner.name, owner.role), stale


def by_cookie(session: Session, cookie: str, now: dt.datetime) -> Participant | None:
    """Who a browser's cookie speaks for; None for an unknown or ended session."""
    found = repository.session_with_participant(session, hashed(cookie))
    if found is None or found[0].expires_at <= now:
        return None
    return Participant(found[1].id, found[1].name, found[1].role, found[0].csrf_token)


def purge_sessions(session: Session, now: dt.datetime) -> None:
    """Forget sessions that have ended; called by the sweep."""
    repository.purge_sessions(session, now)


def bearer(request: Request) -> str | None:
    """The bearer token of the request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def note_use(session: Session, token_id: str, address: str, now: dt.datetime) -> None:
    """A token was used: its last use to the minute, and an act in the log for its first use of each day."""
    row = session.get_one(ApiTokenRow, token_id)
    if row.last_used_at is None or row.last_used_at.date() != now.date():
        audit.record(session, actor_of(row.participant_id), "token_used", token_id, address, now=now)
    row.last_used_at = now


def note_refusal(database: Database, name: str, address: str, now: dt.datetime, act: str = "sign_in_refused") -> None:
    """A sign-in failed: which account was meant, if there is one; never what was typed, for it may be a password."""
    with database.session() as session:
        row = repository.by_name_key(session, name_key(name))
        audit.record(session, actor_of(row.id) if row else "nobody", act, address, now=now)


def optional_participant(request: Request) -> Participant | None:
    """Whoever speaks by token or cookie, or None. A token that doesn't hold is an error all the same."""
    now, database = clock.now(), request.app.state.database
    if token := bearer(request):
        with database.session(read_only=True) as session:
            participant, stale = by_token(session, token, now)
        if stale:
            with database.session() as session:
                note_use(session, token.split("_")[2], client_address(request), now)
        return participant
    cookie = request.cookies.get(request.app.state.cookie_name)
    if not cookie:
        return None
    with database.session(read_only=True) as session:
        return by_cookie(session, cookie, now)


OptionalParticipant = Annotated[Participant | None, Depends(optional_participant)]


def current_participant(participant: OptionalParticipant) -> Participant:
    """Whoever speaks. Raises Unauthorized."""
    if participant is None:
        raise Unauthorized("this needs an account", "sign in, or " + HOW_TO_LOGIN)
    return participant


CurrentParticipant = Annotated[Participant, Depends(current_participant)]


def current_organizer(participant: CurrentParticipant) -> Participant:
    """An organizer. Raises Forbidden."""
    if not participant.organizes:
        raise Forbidden("this is for organizers", "ask an organizer")
    return participant


Organizer = Annotated[Participant, Depends(current_organizer)]


def check_form_token(participant: Participant, given: str) -> None:
    """The synchronizer token of a form. Raises Forbidden."""
    if not participant.form_token or not secrets.compare_digest(participant.form_token, given):
        raise Forbidden("this form isn't from your session", "load the page again and send the form once more")


def client_address(request: Request) -> str:
    """The peer's address, for rate limits."""
    return request.client.host if request.client else "unknown"
