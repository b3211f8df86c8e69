"""The final of a closed season: who runs afresh, and the standings that came of it."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime


class FinalRow(Base):
    """A closed season on one board. ``target_loss`` and ``sigma`` are the rules at its close.

    ``deadline_at`` bounds the wait for its runs.
    """

    __tablename__ = "finals"
    __table_args__ = (UniqueConstraint("season_id", "board_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    season_id: Mapped[int] = mapped_column(ForeignKey("seasons.id"))
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    target_loss: Mapped[float] = mapped_column(FiniteFloat)
    sigma: Mapped[float] = mapped_column(FiniteFloat)
    runs_each: Mapped[int]
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    deadline_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    decisions_seen: Mapped[int] = mapped_column(default=0)  # the id of the last decision that was looked at


class FinalistRow(Base):
    """One of a board's first ten at the close. Its final runs are those of purpose ``season_close`` from ``first_index`` on."""

    __tablename__ = "finalists"

    final_id: Mapped[int] = mapped_column(ForeignKey("finals.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), primary_key=True, index=True)
    rank_before: Mapped[int | None]  # on the board at the close
    first_index: Mapped[int]


class FinalVersionRow(Base):
    """A final's standings, the last version in force.

    Triggers of the database refuse change and removal: what changes is added, with why.
    """

    __tablename__ = "final_versions"
    __table_args__ = (UniqueConstraint("final_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    final_id: Mapped[int] = mapped_column(ForeignKey("finals.id"))
    number: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    standings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))  # of the standings' canonical JSON; the audit log names it
