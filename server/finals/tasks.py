"""At every sweep: finals under way."""

import datetime as dt

from sqlalchemy.orm import Session

from server.finals import service
from server.queue import Hints


def tend_finals(session: Session, hints: Hints, now: dt.datetime) -> None:
    """Every one a step further."""
    service.tend(session, hints, now)
