"""After every ranking: separation, verification, disputes, challenges; at every sweep: duels under way, records whose time has come."""

import datetime as dt

from sqlalchemy.orm import Session

from server.db.rows import BoardRow
from server.queue import Hints
from server.records import checks, repository, service
from server.tracks import service as tracks


def follow_ranking(session: Session, hints: Hints, board_ids: list[int], now: dt.datetime) -> None:
    """What new standings ask for."""
    for board_id in board_ids:
        row = session.get_one(BoardRow, board_id)
        board = tracks.find_board(session, row.track_slug, row.host_class)
        checks.compare(session, board, now)
        checks.separate(session, hints, board, now)
        checks.verify(session, hints, board, now)


def tend_duels(session: Session, hints: Hints, now: dt.datetime) -> None:
    """Every open duel a step further, every board its next challenge, every record whose comment period is over."""
    for duel in repository.open_duels(session):
        service.advance(session, duel, now)
    for board in tracks.every_board(session):
        service.challenge(session, hints, board, now)
    service.confirm(session, now)
