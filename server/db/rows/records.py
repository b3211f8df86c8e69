"""Duels, records and the versions of a board's ranking."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime


class DuelRow(Base):
    """Interleaved fresh runs of a challenger and the record's holder on one host; ``runs_each`` and ``alpha`` are fixed before the first.

    QUEUED -> RUNNING -> WON | LOST, or CANCELLED with a reason. Without an incumbent (a board's first record) the challenger runs alone.
    """

    __tablename__ = "duels"
    __table_args__ = (
        CheckConstraint("state in ('QUEUED', 'RUNNING', 'WON', 'LOST', 'CANCELLED')", name="state"),
        CheckConstraint("(state in ('QUEUED', 'RUNNING')) = (decided_at is null)", name="decided"),
        Index("ix_duels_board", "board_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    season: Mapped[int]
    lineage_id: Mapped[int | None] = mapped_column(ForeignKey("lineages.id"))  # the challenger's: it pays the alpha
    challenger_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    incumbent_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id"), index=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id"))
    runs_each: Mapped[int]
    cv: Mapped[float] = mapped_column(FiniteFloat)
    alpha: Mapped[float] = mapped_column(FiniteFloat)
    state: Mapped[str] = mapped_column(String(10), default="QUEUED")
    reason: Mapped[str | None] = mapped_column(Text)
    p: Mapped[float | None] = mapped_column(FiniteFloat)
    ratio: Mapped[float | None] = mapped_column(FiniteFloat)  # challenger's joules over the incumbent's
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class RecordRow(Base):
    """An entry that was first: provisional when its duel is won, confirmed when the comment period is over, or revoked with a reason."""

    __tablename__ = "records"
    __table_args__ = (
        CheckConstraint("(revoked_at is null) = (reason is null)", name="revoked_has_reason"),
        Index("ix_records_board", "board_id", "provisional_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    duel_id: Mapped[int] = mapped_column(ForeignKey("duels.id"), unique=True)
    mean_log_j: Mapped[float] = mapped_column(FiniteFloat)  # of the duel's fresh runs
    provisional_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)


class RankingVersionRow(Base):
    """A board's standings as of an instant: what a permanent link names. Never changed.

    ``content`` is packed (``server.boards.packing``): whole, or against version ``base_number``, which is whole. ``sha256`` is the
    digest of the canonical JSON that a reader gets.
    """

    __tablename__ = "ranking_versions"
    __table_args__ = (UniqueConstraint("board_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    number: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64))
    ranked: Mapped[int]
    unranked: Mapped[int]
    base_number: Mapped[int | None]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
