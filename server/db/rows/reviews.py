"""What organizers decide, and what participants object to."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class DecisionRow(Base):
    """An act on an entry, a run or a track, with its public reason. Without ``participant_id`` the platform itself acted."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id"))
    act: Mapped[str] = mapped_column(String(40))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id"), index=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"), index=True)
    track_slug: Mapped[str | None] = mapped_column(ForeignKey("tracks.slug"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AppealRow(Base):
    """An objection to what stands against an entry, and the organizers' reply."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("state in ('OPEN', 'UPHELD', 'REJECTED')", name="state"),
        CheckConstraint("(state = 'OPEN') = (answered_at is null)", name="answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="OPEN", index=True)
    reply: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
