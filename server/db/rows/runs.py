"""Runs and the attempts to carry them out: the only truth of where a run stands."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from server.db.base import Base, FiniteFloat, UtcDateTime

NOT_VOID = "state != 'VOID'"
PURPOSES = "purpose in ('listing', 'separation', 'duel', 'verification', 'replication', 'season_close', 'control', 'repeat')"


class RunRow(Base):
    """One official execution. QUEUED -> RUNNING -> DONE | VOID; a fault brings RUNNING back to QUEUED.

    The queued row is the outbox: ``hinted_at`` is when a wake-up was last sent for it. ``epoch`` is the fencing token: it
    rises with every claim, and every write of a worker names it. ``deadline_at`` bounds the state it's in (RUNNING: the lease).

    ``index`` counts within entry and purpose, and with them names the instance. ``host_id`` pins the run to one host.
    ``superseded``: it was run anew (another version of the rules, an organizer's order) and counts no more; a run of purpose ``repeat``,
    which draws the instance of ``repeats_id`` again, is superseded until organizers adopt it in that run's place.
    ``disputed_by_id``: the run, mostly on another host, that ``flag`` says it disagrees with.
    """

    __tablename__ = "runs"
    __table_args__ = (
        # a void run's replacement keeps its index, and so its instance
        Index(
            "ix_runs_instance", "entry_id", "purpose", "index", unique=True, sqlite_where=text(NOT_VOID), postgresql_where=text(NOT_VOID)
        ),
        CheckConstraint(PURPOSES, name="purpose"),
        CheckConstraint("state in ('QUEUED', 'RUNNING', 'DONE', 'VOID')", name="state"),
        CheckConstraint("(state = 'DONE') = (outcome is not null)", name="done_has_outcome"),
        Index("ix_runs_queue", "state", "host_class", "queued_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    host_class: Mapped[str] = mapped_column(ForeignKey("host_classes.name"))
    index: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(16), default="listing")
    duel_id: Mapped[int | None] = mapped_column(ForeignKey("duels.id"), index=True)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("hosts.id"))
    replaces_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))  # the void run whose instance it keeps
    repeats_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    disputed_by_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))
    superseded: Mapped[bool] = mapped_column(default=False)
    seed: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="QUEUED")
    epoch: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    hinted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    deadline_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)
    outcome: Mapped[str | None] = mapped_column(String(20))
    message: Mapped[str | None] = mapped_column(Text)  # of the outcome, or the public reason of VOID
    loss: Mapped[float | None] = mapped_column(FiniteFloat)
    energy_uj: Mapped[int | None] = mapped_column(BigInteger)
    train_uj: Mapped[int | None] = mapped_column(BigInteger)
    score_uj: Mapped[int | None] = mapped_column(BigInteger)
    expanded_uj: Mapped[int | None] = mapped_column(BigInteger)  # U (k=2) of the bill; None: uncalibrated, or modelled
    on_host_uj: Mapped[int | None] = mapped_column(BigInteger)  # the same without the gain; None: modelled
    wall_ns: Mapped[int | None] = mapped_column(BigInteger)  # one box's part of both windows; None: reported before it was kept
    meters: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # by meter: energy_uj, billed; None: there's one
    flag: Mapped[str | None] = mapped_column(Text)  # why the host's joules weren't vouched for, in public


class AttemptRow(Base):
    """One try at a run on a host. CLAIMED -> REPORTED | FAULTED. Holds what's live, and what the host reported."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("run_id", "epoch"),
        CheckConstraint("state in ('CLAIMED', 'REPORTED', 'FAULTED')", name="state"),
        CheckConstraint("(state = 'FAULTED') = (fault_cause is not null)", name="fault_has_cause"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    epoch: Mapped[int]
    host_id: Mapped[int] = mapped_column(ForeignKey("hosts.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="CLAIMED")
    claimed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    phase: Mapped[str] = mapped_column(String(10), default="prepare")
    progress: Mapped[float | None] = mapped_column(FiniteFloat)
    energy_uj: Mapped[int | None] = mapped_column(BigInteger)  # so far
    loss_so_far: Mapped[float | None] = mapped_column(FiniteFloat)
    fault_cause: Mapped[str | None] = mapped_column(String(40))
    fault_detail: Mapped[str | None] = mapped_column(Text)
    log_truncated: Mapped[bool] = mapped_column(default=False)
    log: Mapped[bytes] = deferred(mapped_column(LargeBinary, default=b""))
    report: Mapped[dict[str, Any] | None] = deferred(mapped_column(JSON))  # as reported: facts, windows, digests
    trace: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))  # gzip of the trace's JSON
    report_sha256: Mapped[str | None] = mapped_column(String(64))
    record: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))  # canonical JSON, as the host signed it
    host_signature: Mapped[str | None] = mapped_column(String(128))
    receipt_signature: Mapped[str | None] = mapped_column(String(128))  # the server's, over the record's digest and ``ended_at``
