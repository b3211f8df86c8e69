"""Entries as the board shows them, and as the ranking reads them."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.boards.doubt import Bill
from server.db.rows import BoardRow, EntryRow, ParticipantRow, RunRow, SubmissionRow
from server.domain.ranking import Contender
from server.domain.run import COUNTING, Purpose, RunState
from server.domain.scoring import Status

COLUMNS = (
    EntryRow.id,
    EntryRow.rank,
    EntryRow.status,
    EntryRow.mean_log_j,
    EntryRow.mean_loss,
    EntryRow.train_uj,
    EntryRow.score_uj,
    EntryRow.runs_done,
    EntryRow.runs_wanted,
    EntryRow.created_at,
    SubmissionRow.digest,
    SubmissionRow.name,
    SubmissionRow.license,
    ParticipantRow.name.label("participant"),
)


def ranked_count(session: Session, board_id: int) -> int:
    """How many entries have a rank."""
    query = select(func.count()).select_from(EntryRow).where(EntryRow.board_id == board_id, EntryRow.rank.is_not(None))
    return session.scalar(query) or 0


def unranked_count(session: Session, board_id: int) -> int:
    """How many entries have none."""
    query = select(func.count()).select_from(EntryRow).where(EntryRow.board_id == board_id, EntryRow.rank.is_(None))
    return session.scalar(query) or 0


def standings(session: Session, board_id: int, *, ranked: bool, limit: int, offset: int) -> list[Any]:
    """Ranked entries by rank, or the unranked ones, newest first."""
    query = select(*COLUMNS).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id).where(EntryRow.board_id == board_id)
    if ranked:
        query = query.where(EntryRow.rank.is_not(None)).order_by(EntryRow.rank, EntryRow.created_at, EntryRow.id)
    else:
        query = query.where(EntryRow.rank.is_(None)).order_by(EntryRow.id.desc())
    return list(session.execute(query.limit(limit).offset(offset)))


def bills_of(session: Session, entry_ids: list[int]) -> dict[int, list[Bill]]:
    """The measured bills of these entries' runs, each with its U."""
    query = select(RunRow.entry_id, RunRow.energy_uj, RunRow.expanded_uj, RunRow.on_host_uj)
    query = query.where(RunRow.entry_id.in_(entry_ids), RunRow.state == "DONE", RunRow.energy_uj > 0, RunRow.on_host_uj.is_not(None))
    found: dict[int, list[Bill]] = {}
    for row in session.execute(query):
        found.setdefault(row.entry_id, []).append(Bill(row.energy_uj, row.expanded_uj, row.on_host_uj))
    return found


def counting_runs(session: Session, entry_id: int) -> list[RunRow]:
    """The entry's runs that are done and make its figures, in order."""
    query = select(RunRow).where(RunRow.entry_id == entry_id, RunRow.state == RunState.DONE, RunRow.superseded.is_(False))
    return list(session.scalars(query.where(RunRow.purpose.in_(COUNTING)).order_by(RunRow.purpose, RunRow.index)))


def contenders(session: Session, board_id: int, first: int | None = None) -> list[Contender]:
    """What the ranking reads; or the ``first`` of it."""
    columns = (EntryRow.id, EntryRow.mean_log_j, EntryRow.sd_log_j, EntryRow.runs_done, EntryRow.created_at)
    query = select(*columns).where(EntryRow.board_id == board_id, EntryRow.status == Status.QUALIFIED, EntryRow.mean_log_j.is_not(None))
    if first is not None:
        query = query.order_by(EntryRow.mean_log_j, EntryRow.created_at, EntryRow.id).limit(first)
    return [Contender(row.id, row.mean_log_j, row.sd_log_j, row.runs_done, row.created_at) for row in session.execute(query)]


def supersede_checks(session: Session, entry_id: int) -> None:
    """Verification and replication runs that organizers have looked at count no more against the entry."""
    query = update(RunRow).where(RunRow.entry_id == entry_id, RunRow.purpose.in_((Purpose.VERIFICATION, Purpose.REPLICATION)))
    session.execute(query.values(superseded=True))


def present_ranks(session: Session, board_id: int) -> dict[int, int]:
    """Entry id to the rank stored now."""
    query = select(EntryRow.id, EntryRow.rank).where(EntryRow.board_id == board_id, EntryRow.rank.is_not(None))
    return {row.id: row.rank for row in session.execute(query)}


def store_ranks(session: Session, changed: dict[int, int | None]) -> None:
    """Write the ranks that changed."""
    if changed:
        session.execute(update(EntryRow), [{"id": entry_id, "rank": rank} for entry_id, rank in changed.items()])


def stale_boards(session: Session) -> list[BoardRow]:
    """Boards whose standings are out of date."""
    return list(session.scalars(select(BoardRow).where(BoardRow.stale)))
