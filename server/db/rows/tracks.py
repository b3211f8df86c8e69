"""Tracks and their boards."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime


class TrackRow(Base):
    """A track as its TOML says (``server.domain.track.Track`` is the value)."""

    __tablename__ = "tracks"

    slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    problem: Mapped[str] = mapped_column(String(20))
    target_loss: Mapped[float] = mapped_column(FiniteFloat)
    runs: Mapped[int]
    rules_version: Mapped[int]
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)  # caps, boundaries, image, prelude, summary: the whole TOML table
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class RulesRow(Base):
    """A version of a track's rules: the TOML as applied, why, and whether live entries were run anew for it."""

    __tablename__ = "rules"

    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    toml: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    reruns: Mapped[bool] = mapped_column(Boolean, default=False)
    applied_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class SeasonRow(Base):
    """A track's season: opens, takes submissions until ``closes_at``, and is over once an organizer closed it."""

    __tablename__ = "seasons"
    __table_args__ = (UniqueConstraint("track_slug", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"))
    number: Mapped[int]
    opens_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class BoardRow(Base):
    """Track x host class. ``stale`` asks the rank task to compute the standings anew."""

    __tablename__ = "boards"
    __table_args__ = (UniqueConstraint("track_slug", "host_class"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    track_slug: Mapped[str] = mapped_column(ForeignKey("tracks.slug"))
    host_class: Mapped[str] = mapped_column(ForeignKey("host_classes.name"))
    stale: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    ranked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
