"""Tracks and which boards they have."""

import datetime as dt
import tomllib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from minjoule.tracks import TrackError, TrackRules, parse_track, track_from
from server.db.rows import BoardRow, HostClassRow, TrackRow
from server.domain.errors import Inadmissible, NotFound
from server.tracks import repository


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board of a track: its host class, and what its joules cover."""

    id: int
    track: str
    host_class: str
    title: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    ranked_at: dt.datetime | None


def rules_of(row: TrackRow) -> TrackRules:
    """The stored rules as a value."""
    return track_from(row.rules)


def apply_track(session: Session, toml_text: str, now: dt.datetime) -> TrackRules:
    """Create or update a track from its file. Raises Inadmissible."""
    try:
        rules = parse_track(toml_text)
    except TrackError as error:
        raise Inadmissible(f"the track's file is wrong: {error}", "mend the file") from None
    row = session.get(TrackRow, rules.slug)
    if row is None:
        row = TrackRow(slug=rules.slug, created_at=now)
        session.add(row)
    row.title, row.problem, row.target_loss, row.runs = rules.title, rules.problem, rules.target_loss, rules.runs
    row.rules_version, row.rules = rules.rules_version, tomllib.loads(toml_text)
    session.flush()
    for host_class in session.scalars(select(HostClassRow)):
        ensure_boards(session, host_class)
    return rules


def ensure_boards(session: Session, host_class: HostClassRow) -> None:
    """A board for every track whose boundaries include the class's."""
    have = set(session.scalars(select(BoardRow.track_slug).where(BoardRow.host_class == host_class.name)))
    for row in repository.all_tracks(session):
        if row.slug not in have and host_class.boundary in rules_of(row).boundaries:
            session.add(BoardRow(track_slug=row.slug, host_class=host_class.name))
    session.flush()


def find_track(session: Session, slug: str) -> TrackRules:
    """A track's rules. Raises NotFound."""
    row = session.get(TrackRow, slug)
    if row is None:
        known = ", ".join(each.slug for each in repository.all_tracks(session)) or "none yet"
        raise NotFound(f"there is no track {slug[:60]!r}", f"the tracks are: {known}")
    return rules_of(row)


def list_tracks(session: Session) -> list[TrackRules]:
    """Every track."""
    return [rules_of(row) for row in repository.all_tracks(session)]


def list_boards(session: Session, slug: str) -> list[BoardView]:
    """A track's boards."""
    return [view_of(board, host_class) for board, host_class in repository.boards_of(session, slug)]


def every_board(session: Session) -> list[BoardView]:
    """Of every track."""
    return [board for row in repository.all_tracks(session) for board in list_boards(session, row.slug)]


def find_board(session: Session, slug: str, host_class: str) -> BoardView:
    """One board. Raises NotFound."""
    boards = list_boards(session, slug)
    for board in boards:
        if board.host_class == host_class:
            return board
    find_track(session, slug)
    known = ", ".join(board.host_class for board in boards) or "none: no host has been enrolled for it yet"
    raise NotFound(f"track {slug} has no board for host class {host_class[:60]!r}", f"its boards are: {known}")


def view_of(board: BoardRow, host_class: HostClassRow) -> BoardView:
    """As a value."""
    return BoardView(
        id=board.id,
        track=board.track_slug,
        host_class=host_class.name,
        title=host_class.title,
        boundary=host_class.boundary,
        modelled=host_class.modelled,
        unsandboxed=host_class.unsandboxed,
        ranked_at=board.ranked_at,
    )
