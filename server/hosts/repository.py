"""Rows of hosts and codes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.rows import HostClassRow, HostRow


def by_name(session: Session, name: str) -> HostRow | None:
    """The host with that name."""
    return session.scalar(select(HostRow).where(HostRow.name == name))


def all_hosts(session: Session) -> list[tuple[HostRow, HostClassRow]]:
    """Every host with its class."""
    query = select(HostRow, HostClassRow).join(HostClassRow, HostClassRow.name == HostRow.host_class)
    return [(host, host_class) for host, host_class in session.execute(query.order_by(HostRow.name))]
