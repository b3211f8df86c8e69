"""A report against what its host enrolled with: hostile input, so what can't be is refused, and the attempt is a fault of ours."""

import datetime as dt

from sqlalchemy.orm import Session

from server.db.rows import AttemptRow, HostClassRow, HostRow
from server.domain.plausibility import Span, implausible
from server.runs.schemas import Report, WindowReport


def doubt(session: Session, attempt: AttemptRow, said: Report, now: dt.datetime) -> str | None:
    """Why this report can't be; None if it can."""
    host = session.get_one(HostRow, attempt.host_id)
    boundary = session.get_one(HostClassRow, host.host_class).boundary
    windows = [span("train", said.train), *([span("score", said.score)] if said.score else [])]
    return implausible(windows, boundary, host.facts, (now - attempt.claimed_at).total_seconds())


def span(name: str, said: WindowReport) -> Span:
    """As a value."""
    return Span(name, said.begin_ns, said.end_ns, said.energy_uj)
