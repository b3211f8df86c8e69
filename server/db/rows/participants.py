"""Participants and their credentials; secrets are stored as hashes only."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class ParticipantRow(Base):
    """Who submits: a person, or a team, which has no password and acts through its members. ``role`` is participant or organizer."""

    __tablename__ = "participants"
    __table_args__ = (CheckConstraint("role in ('participant', 'organizer')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(80), unique=True)  # NFKC, case-folded: no look-alikes
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16), default="participant")
    is_team: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class MembershipRow(Base):
    """A person in a team; a person is in one at most."""

    __tablename__ = "memberships"

    team_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), primary_key=True, index=True, unique=True)
    joined_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class InvitationRow(Base):
    """``mj_team_<id>_<secret>``: lets one person into a team, once, until it expires or is revoked; the secret as sha256."""

    __tablename__ = "team_invitations"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("participants.id"))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id"))
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


LINES = (
    "(kind = 'debit' and runs = 1 and energy_uj = 0) or (kind = 'refund' and runs = -1 and energy_uj = 0)"
    " or (kind = 'bill' and runs = 0 and energy_uj >= 0) or (kind = 'unbill' and runs = 0 and energy_uj <= 0)"
)


class QuotaRow(Base):
    """A line of the quota's ledger (``server.domain.quota``): one of each kind a run at most, never changed. The balance is their sum.

    ``participant_id`` is the person who pays; ``team_id`` in whose name; ``lineage_id`` what shares a quota, where it does.
    ``at`` is the instant that the line counts from, ``written_at`` when it was written.
    """

    __tablename__ = "quota_ledger"
    __table_args__ = (
        UniqueConstraint("run_id", "kind"),
        CheckConstraint(LINES, name="line"),
        Index("ix_quota_ledger_participant", "participant_id", "at"),
        Index("ix_quota_ledger_team", "team_id", "at"),
        Index("ix_quota_ledger_lineage", "lineage_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id"))
    lineage_id: Mapped[int | None] = mapped_column(ForeignKey("lineages.id"))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    kind: Mapped[str] = mapped_column(String(8))
    runs: Mapped[int]
    energy_uj: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    written_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A signed-in browser: sha256 of the cookie's token, and the form token that belongs to it."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class ApiTokenRow(Base):
    """``mj_cli_<id>_<secret>``: the secret as sha256, its last use, and when it ends."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    label: Mapped[str] = mapped_column(String(60))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
