"""Host classes, hosts and the one-time codes that enrol them."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class HostClassRow(Base):
    """One exact kind of machine and one boundary. ``modelled`` and ``unsandboxed`` are shown wherever the class is.

    Where it ``promises_gpu``, a browser's software adapter is the host's fault, never a result.
    """

    __tablename__ = "host_classes"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    boundary: Mapped[str] = mapped_column(String(30))
    modelled: Mapped[bool] = mapped_column(Boolean)
    unsandboxed: Mapped[bool] = mapped_column(Boolean, default=False)
    promises_gpu: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class HostRow(Base):
    """A judging machine: its token's hash, its facts, and the boot id of the worker process that last spoke for it."""

    __tablename__ = "hosts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    host_class: Mapped[str] = mapped_column(ForeignKey("host_classes.name"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    public_key: Mapped[str | None] = mapped_column(String(64))  # ed25519, hex; None: enrolled before records were signed
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    enrolled_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    control_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # its last control workload, and the last that passed
    control_passed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    control_said: Mapped[str | None] = mapped_column(Text)


class EnrolmentCodeRow(Base):
    """A one-time code as sha256."""

    __tablename__ = "enrolment_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    host_class: Mapped[str] = mapped_column(ForeignKey("host_classes.name"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
