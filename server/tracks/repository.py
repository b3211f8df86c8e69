"""Rows of tracks and boards."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.rows import BoardRow, HostClassRow, RulesRow, SeasonRow, TrackRow


def all_tracks(session: Session) -> list[TrackRow]:
    """Every track, by slug."""
    return list(session.scalars(select(TrackRow).order_by(TrackRow.slug)))


def boards_of(session: Session, slug: str) -> list[tuple[BoardRow, HostClassRow]]:
    """A track's boards with their host classes, by name."""
    query = select(BoardRow, HostClassRow).join(HostClassRow, HostClassRow.name == BoardRow.host_class)
    rows = session.execute(query.where(BoardRow.track_slug == slug).order_by(BoardRow.host_class))
    return [(board, host_class) for board, host_class in rows]


def versions_of(session: Session, slug: str) -> list[RulesRow]:
    """A track's rules, the newest version first."""
    return list(session.scalars(select(RulesRow).where(RulesRow.track_slug == slug).order_by(RulesRow.version.desc())))


def seasons_of(session: Session, slug: str) -> list[SeasonRow]:
    """A track's seasons, the oldest first."""
    return list(session.scalars(select(SeasonRow).where(SeasonRow.track_slug == slug).order_by(SeasonRow.number)))
