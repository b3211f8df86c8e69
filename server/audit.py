"""The audit log: sign-ins, credentials and organizers' acts, append-only and chained by sha256. It knows nothing of what the acts mean.

A change, a gap or an exchange within the chain is seen. A tail that was cut off together with the triggers is seen by whoever noted
a later digest: ``minjoule-admin audit`` prints the last one, and ``--contains`` asks for one noted before.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.db.rows import AuditRow

BEGINNING = "0" * 64
LOCK = 0x6D6A6175  # of PostgreSQL, until the transaction's end: one writer at a time; SQLite has one anyway
DETAIL_CHARS = 300
PAGE = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that holds: how many acts, and the last digest."""

    acts: int
    head: str


class BrokenChainError(Exception):
    """The log was tampered with, or is damaged. Says where."""


def record(session: Session, actor: str, act: str, subject: str = "", detail: str = "", *, now: dt.datetime) -> None:
    """Add an act to the chain, in the caller's transaction: it stands if and only if the act does."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = session.scalar(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1))
    row = AuditRow(seq=last.seq + 1 if last else 1, at=now, actor=actor[:80], act=act[:40], subject=subject[:120])
    row.detail, row.previous = detail[:DETAIL_CHARS], last.digest if last else BEGINNING
    row.digest = digest_of(row)
    session.add(row)
    session.flush()


def digest_of(row: AuditRow) -> str:
    """sha256, hex, over the row's fields and the digest before it."""
    fields = [row.seq, row.at.astimezone(dt.UTC).isoformat(), row.actor, row.act, row.subject, row.detail, row.previous]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def acts(session: Session) -> Iterator[AuditRow]:
    """Every act, oldest first; a page at a time, so that a reader who stops leaves no cursor open."""
    last = -1
    while page := session.scalars(select(AuditRow).where(AuditRow.seq > last).order_by(AuditRow.seq).limit(PAGE)).all():
        yield from page
        last = page[-1].seq


def verify(session: Session, contains: str = "") -> Chain:
    """Walk the chain from its beginning. Raises BrokenChainError."""
    expected, seq, found = BEGINNING, 0, not contains
    for seq, row in enumerate(acts(session), 1):
        if row.seq != seq:
            raise BrokenChainError(f"act {seq} is missing: the next one is number {row.seq}")
        if row.previous != expected:
            raise BrokenChainError(f"act {seq} doesn't follow the one before it: it names {row.previous[:16]}, due is {expected[:16]}")
        if row.digest != digest_of(row):
            raise BrokenChainError(f"act {seq} ({row.act} by {row.actor}) was changed: its content doesn't give its digest")
        expected = row.digest
        found = found or expected == contains
    if not found:
        raise BrokenChainError(f"none of the {seq} acts has the digest {contains[:64]}: the log was cut off or replaced since it was noted")
    return Chain(seq, expected)
