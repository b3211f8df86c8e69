"""Submissions, and their entries on boards."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime


class SubmissionRow(Base):
    """An immutable bundle. ``digest`` (sha256 over its sorted (path, sha256) list, hex) is its public id."""

    __tablename__ = "submissions"
    __table_args__ = (Index("ix_submissions_published", "track_slug", "source_public_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id"))  # the member who sent it; None: its participant did
    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    entrypoint: Mapped[str] = mapped_column(String(120))
    license: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text)
    parent_digest: Mapped[str | None] = mapped_column(String(64))
    bundle_sha256: Mapped[str] = mapped_column(String(64))  # of the stored canonical zip, its name in the blob store
    bundle_bytes: Mapped[int]
    lineage_id: Mapped[int | None] = mapped_column(ForeignKey("lineages.id"), index=True)  # None: submitted before there were lineages
    source_public_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # by the track's rule; None: its owner's alone
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class SubmitterRow(Base):
    """Somebody who sent the same bundle after its first submitter: it joins the same entries, and the page says so."""

    __tablename__ = "submitters"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class LineageRow(Base):
    """Near-identical sources: they share quota and duels."""

    __tablename__ = "lineages"

    id: Mapped[int] = mapped_column(primary_key=True)
    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class LineageMarkRow(Base):
    """One of the marks (``server.domain.lineage``) of the source that founded a lineage: how its kin is found."""

    __tablename__ = "lineage_marks"

    lineage_id: Mapped[int] = mapped_column(ForeignKey("lineages.id"), primary_key=True)
    mark: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)


class EntryRow(Base):
    """A submission on a board: what ``server.domain.scoring`` made of its runs. ``rank`` is NULL where unranked.

    ``status_reason`` is the public reason of DISPUTED, DISQUALIFIED or WITHDRAWN; ``flag_reason`` asks organizers to look, and
    ``hold_reason`` keeps the entry from duels and records until one has; each NULL where it isn't so.
    """

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
    sd_log_j: Mapped[float | None] = mapped_column(FiniteFloat)  # of one run, ``runs_done`` of them; None below two
    mean_loss: Mapped[float | None] = mapped_column(FiniteFloat)
    loss_low: Mapped[float | None] = mapped_column(FiniteFloat)  # the mean loss's interval of 95 %
    loss_high: Mapped[float | None] = mapped_column(FiniteFloat)
    sigma: Mapped[float | None] = mapped_column(FiniteFloat)  # of one run's loss: the greater of the Rules' and the entry's own
    train_uj: Mapped[int | None] = mapped_column(BigInteger)  # mean over finished runs, for the split shown
    score_uj: Mapped[int | None] = mapped_column(BigInteger)
    rank: Mapped[int | None]
    status_reason: Mapped[str | None] = mapped_column(Text)
    flag_reason: Mapped[str | None] = mapped_column(Text)
    hold_reason: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
