"""Rows of finals, their finalists' runs, and the versions of their standings."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db.rows import (
    BoardRow,
    DecisionRow,
    EntryRow,
    FinalistRow,
    FinalRow,
    FinalVersionRow,
    ParticipantRow,
    RunRow,
    SeasonRow,
    SubmissionRow,
)
from server.domain.run import Purpose

MOVING = ("disputed", "disqualify", "restore", "uphold_appeal", "withdraw")
"""Acts that take an entry out, or bring it back."""


def season(session: Session, slug: str, number: int) -> SeasonRow | None:
    """One season of a track."""
    return session.scalar(select(SeasonRow).where(SeasonRow.track_slug == slug, SeasonRow.number == number))


def final_of(session: Session, season_id: int, board_id: int) -> FinalRow | None:
    """A season's final on a board."""
    return session.scalar(select(FinalRow).where(FinalRow.season_id == season_id, FinalRow.board_id == board_id))


def undecided(session: Session, slug: str | None = None) -> list[FinalRow]:
    """Finals without standings yet, of one track or of all."""
    decided = select(FinalVersionRow.final_id)
    query = select(FinalRow).where(FinalRow.id.not_in(decided)).order_by(FinalRow.id)
    if slug is not None:
        query = query.join(SeasonRow, SeasonRow.id == FinalRow.season_id).where(SeasonRow.track_slug == slug)
    return list(session.scalars(query))


def ruled_since(session: Session) -> list[FinalRow]:
    """Decided finals in which an entry was taken out or restored since somebody looked."""
    decided = select(FinalVersionRow.final_id)
    query = select(FinalRow.id).join(FinalistRow, FinalistRow.final_id == FinalRow.id).where(FinalRow.id.in_(decided))
    query = query.join(DecisionRow, DecisionRow.entry_id == FinalistRow.entry_id)
    found = session.scalars(query.where(DecisionRow.id > FinalRow.decisions_seen, DecisionRow.act.in_(MOVING)).distinct())
    return list(session.scalars(select(FinalRow).where(FinalRow.id.in_(found.all())).order_by(FinalRow.id)))


def last_decision(session: Session) -> int:
    """The id of the last decision on anything; 0 if there was none."""
    return session.scalar(select(func.max(DecisionRow.id))) or 0


def finalists(session: Session, final_id: int) -> list[tuple[FinalistRow, EntryRow, SubmissionRow, str]]:
    """Who runs, with entry, submission and participant's name."""
    query = select(FinalistRow, EntryRow, SubmissionRow, ParticipantRow.name).join(EntryRow, EntryRow.id == FinalistRow.entry_id)
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id).where(FinalistRow.final_id == final_id)
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query.order_by(EntryRow.created_at, EntryRow.id))]


def runs_of(session: Session, final: FinalRow) -> dict[tuple[int, int], list[RunRow]]:
    """The final's runs by entry and index, replaced ones and replacements."""
    mine = select(FinalistRow.entry_id, FinalistRow.first_index).where(FinalistRow.final_id == final.id).subquery()
    query = select(RunRow).join(mine, mine.c.entry_id == RunRow.entry_id).where(RunRow.purpose == Purpose.SEASON_CLOSE)
    query = query.where(RunRow.index >= mine.c.first_index, RunRow.index < mine.c.first_index + final.runs_each)
    found: dict[tuple[int, int], list[RunRow]] = {}
    for run in session.scalars(query.order_by(RunRow.id)):
        found.setdefault((run.entry_id, run.index), []).append(run)
    return found


def versions(session: Session, final_id: int) -> list[FinalVersionRow]:
    """A final's standings, the first first."""
    return list(session.scalars(select(FinalVersionRow).where(FinalVersionRow.final_id == final_id).order_by(FinalVersionRow.number)))


def runs_named(session: Session, run_ids: list[str]) -> list[RunRow]:
    """These runs, whatever became of them, in the order of their draws."""
    return list(session.scalars(select(RunRow).where(RunRow.id.in_(run_ids)).order_by(RunRow.entry_id, RunRow.index)))


def rulings(session: Session, final: FinalRow) -> list[tuple[DecisionRow, str]]:
    """What was decided on its entries since somebody looked, with each submission's name."""
    query = select(DecisionRow, SubmissionRow.name).join(FinalistRow, FinalistRow.entry_id == DecisionRow.entry_id)
    query = query.join(EntryRow, EntryRow.id == FinalistRow.entry_id).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.where(FinalistRow.final_id == final.id, DecisionRow.id > final.decisions_seen, DecisionRow.act.in_(MOVING))
    return [(row[0], row[1]) for row in session.execute(query.order_by(DecisionRow.id))]


def place(session: Session, final: FinalRow) -> tuple[SeasonRow, BoardRow]:
    """Its season and board."""
    return session.get_one(SeasonRow, final.season_id), session.get_one(BoardRow, final.board_id)
