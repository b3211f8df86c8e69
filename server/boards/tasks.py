"""The rank task."""

import datetime as dt

from sqlalchemy.orm import Session

from server.boards import service
from server.logs import get_logger

log = get_logger()


def rank_boards(session: Session, now: dt.datetime, only: int | None = None) -> list[int]:
    """Rank what is stale and say which boards; a lost message costs nothing, the sweep does the same."""
    ranked = service.rank_stale_boards(session, now, only)
    if ranked:
        log.info("boards_ranked", boards=len(ranked))
    return ranked
