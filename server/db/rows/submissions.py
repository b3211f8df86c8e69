"""Submissions, and their entries on boards."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime


class SubmissionRow(Base):
    """An immutable bundle. ``digest`` (sha256 over its sorted (path, sha256) list, hex) is its public id."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    entrypoint: Mapped[str] = mapped_column(String(120))
    license: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text)
    parent_digest: Mapped[str | None] = mapped_column(String(64))
    bundle_sha256: Mapped[str] = mapped_column(String(64))  # of the stored canonical zip, its name in the blob store
    bundle_bytes: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class EntryRow(Base):
    """A submission on a board: what ``server.domain.scoring`` made of its runs. ``rank`` is NULL where unranked."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("board_id", "submission_id"),
        CheckConstraint(
            "status in ('PROVISIONAL', 'QUALIFIED', 'ABOVE_TARGET', 'DISPUTED', 'DISQUALIFIED', 'WITHDRAWN')",
            name="status",
        ),
        Index("ix_entries_standing", "board_id", "rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id"))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), default="PROVISIONAL")
    runs_done: Mapped[int] = mapped_column(default=0)
    runs_wanted: Mapped[int]
    mean_log_j: Mapped[float | None] = mapped_column(FiniteFloat)
    mean_loss: Mapped[float | None] = mapped_column(FiniteFloat)
    train_uj: Mapped[int | None]  # mean over finished runs, for the split shown
    score_uj: Mapped[int | None]
    rank: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
