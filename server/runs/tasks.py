"""The sweep."""

import datetime as dt

from sqlalchemy.orm import Session

from server.participants import service as participants
from server.queue import Hints
from server.runs import judging, remedies


def sweep_runs(session: Session, hints: Hints, now: dt.datetime) -> None:
    """Deadlines and hints of runs; what was lost; sessions that have ended."""
    judging.sweep(session, hints, now)
    remedies.replace_lost(session, hints, now)
    participants.purge_sessions(session, now)
