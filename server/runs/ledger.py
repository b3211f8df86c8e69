"""Rows of the quota's ledger, and the locks that let one order at a time count them. What the lines mean is ``server.domain.quota``'s."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.db.rows import ParticipantRow, QuotaRow
from server.domain.quota import DAY, Kind, Line


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for a run: a person; the team in whose name, if any; and the lineage that shares a quota, if any."""

    participant_id: int
    team_id: int | None = None
    lineage_id: int | None = None


def hold(session: Session, participant_ids: Iterable[int]) -> None:
    """One order at a time for each of these until the transaction ends. In one order, against deadlocks; on SQLite a writer is alone."""
    for each in sorted(participant_ids):
        session.execute(select(ParticipantRow.id).where(ParticipantRow.id == each).with_for_update(key_share=True))


def of_person(session: Session, participant_id: int, now: dt.datetime) -> list[Line]:
    """What a person pays for, alone and in teams, within the day."""
    return within(session, QuotaRow.participant_id == participant_id, now)


def of_team(session: Session, team_id: int, now: dt.datetime) -> list[Line]:
    """What was sent in a team's name within the day."""
    return within(session, QuotaRow.team_id == team_id, now)


def of_lineage(session: Session, lineage_id: int, now: dt.datetime) -> list[Line]:
    """What a lineage's sources took together within the day."""
    return within(session, QuotaRow.lineage_id == lineage_id, now)


def within(session: Session, whose: ColumnElement[bool], now: dt.datetime) -> list[Line]:
    """Lines that still count."""
    columns = (QuotaRow.kind, QuotaRow.runs, QuotaRow.energy_uj, QuotaRow.at)
    rows = session.execute(select(*columns).where(whose, QuotaRow.at > now - DAY))
    return [Line(Kind(row.kind), row.runs, row.energy_uj, row.at) for row in rows]


def of_run(session: Session, run_id: str) -> tuple[Payer, list[Line]] | None:
    """Who pays for a run, and its lines; None if nobody does: the platform or an organizer ordered it."""
    rows = session.scalars(select(QuotaRow).where(QuotaRow.run_id == run_id)).all()
    lines = [Line(Kind(row.kind), row.runs, row.energy_uj, row.at) for row in rows]
    return (Payer(rows[0].participant_id, rows[0].team_id, rows[0].lineage_id), lines) if rows else None


def write(session: Session, payer: Payer, run_id: str, lines: Iterable[Line], now: dt.datetime) -> None:
    """Add lines about a run."""
    for line in lines:
        row = QuotaRow(participant_id=payer.participant_id, team_id=payer.team_id, lineage_id=payer.lineage_id, run_id=run_id)
        row.kind, row.runs, row.energy_uj, row.at, row.written_at = line.kind, line.runs, line.energy_uj, line.at, now
        session.add(row)
