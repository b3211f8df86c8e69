"""Rows of decisions and appeals, and the entries they are about."""

import datetime as dt
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from server.db.rows import AppealRow, BoardRow, DecisionRow, EntryRow, ParticipantRow, RunRow, SubmissionRow
from server.domain.run import COUNTING, RunState
from server.domain.scoring import Status

QUEUE_ROWS = 200


def entry(session: Session, digest: str, host_class: str) -> tuple[EntryRow, SubmissionRow] | None:
    """An entry by its submission's whole digest and its board's host class."""
    query = select(EntryRow, SubmissionRow).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(BoardRow, BoardRow.id == EntryRow.board_id)
    found = session.execute(query.where(SubmissionRow.digest == digest, BoardRow.host_class == host_class)).first()
    return (found[0], found[1]) if found else None


def entries(session: Session, digest: str) -> list[tuple[EntryRow, SubmissionRow, str]]:
    """A submission's entries, with their host classes."""
    query = select(EntryRow, SubmissionRow, BoardRow.host_class).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(BoardRow, BoardRow.id == EntryRow.board_id).where(SubmissionRow.digest == digest)
    return [(each, submission, host_class) for each, submission, host_class in session.execute(query.order_by(EntryRow.id))]


def in_question(session: Session) -> list[Any]:
    """Entries that organizers should look at: appealed, disputed, disqualified, flagged or held; open appeals first."""
    appeals = select(AppealRow.entry_id).where(AppealRow.state == "OPEN")
    open_appeal = EntryRow.id.in_(appeals)
    columns = (
        SubmissionRow.digest,
        SubmissionRow.name,
        SubmissionRow.track_slug,
        BoardRow.host_class,
        ParticipantRow.name.label("participant"),
    )
    query = select(
        *columns, EntryRow.status, EntryRow.status_reason, EntryRow.flag_reason, EntryRow.hold_reason, open_appeal.label("appealed")
    )
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id).join(BoardRow, BoardRow.id == EntryRow.board_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
    taken_out = EntryRow.status.in_((Status.DISPUTED, Status.DISQUALIFIED))
    query = query.where(or_(open_appeal, taken_out, EntryRow.flag_reason.is_not(None), EntryRow.hold_reason.is_not(None)))
    return list(session.execute(query.order_by(open_appeal.desc(), EntryRow.id.desc()).limit(QUEUE_ROWS)))


def decisions(session: Session, digest: str) -> list[Any]:
    """What was decided on a submission's entries, oldest first."""
    query = select(DecisionRow, BoardRow.host_class, ParticipantRow.name).join(EntryRow, EntryRow.id == DecisionRow.entry_id)
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id).join(BoardRow, BoardRow.id == EntryRow.board_id)
    query = query.outerjoin(ParticipantRow, ParticipantRow.id == DecisionRow.participant_id)
    return list(session.execute(query.where(SubmissionRow.digest == digest).order_by(DecisionRow.id)))


def appeals(session: Session, digest: str) -> list[Any]:
    """Appeals of a submission's entries, oldest first."""
    query = select(AppealRow, BoardRow.host_class, ParticipantRow.name).join(EntryRow, EntryRow.id == AppealRow.entry_id)
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id).join(BoardRow, BoardRow.id == EntryRow.board_id)
    query = query.join(ParticipantRow, ParticipantRow.id == AppealRow.participant_id)
    return list(session.execute(query.where(SubmissionRow.digest == digest).order_by(AppealRow.id)))


def open_appeal(session: Session, entry_id: int) -> AppealRow | None:
    """The entry's open appeal."""
    return session.scalar(select(AppealRow).where(AppealRow.entry_id == entry_id, AppealRow.state == "OPEN"))


def open_runs(session: Session, entry_id: int) -> list[RunRow]:
    """Runs that are still to be carried out."""
    return list(session.scalars(select(RunRow).where(RunRow.entry_id == entry_id, RunRow.state.in_((RunState.QUEUED, RunState.RUNNING)))))


def undecided_entries(session: Session, slug: str) -> int:
    """How many of a track's entries may still come to stand elsewhere: runs that make their figures are under way, or an appeal is open."""
    running = select(RunRow.entry_id).where(RunRow.purpose.in_(COUNTING), RunRow.superseded.is_(False))
    running = running.where(RunRow.state.in_((RunState.QUEUED, RunState.RUNNING)))
    appealed = select(AppealRow.entry_id).where(AppealRow.state == "OPEN")
    query = select(func.count()).select_from(EntryRow).join(BoardRow, BoardRow.id == EntryRow.board_id)
    query = query.where(BoardRow.track_slug == slug, EntryRow.status != Status.WITHDRAWN)
    return session.scalar(query.where(EntryRow.id.in_(running) | EntryRow.id.in_(appealed))) or 0


def done_runs(session: Session, entry_id: int) -> int:
    """How many runs make the entry's figures."""
    query = select(func.count()).select_from(RunRow).where(RunRow.entry_id == entry_id, RunRow.state == RunState.DONE)
    return session.scalar(query.where(RunRow.purpose.in_(COUNTING), RunRow.superseded.is_(False))) or 0


def live_entries(session: Session, slug: str) -> list[int]:
    """Entries of a track that aren't out of it for good."""
    query = select(EntryRow.id).join(BoardRow, BoardRow.id == EntryRow.board_id).where(BoardRow.track_slug == slug)
    return list(session.scalars(query.where(EntryRow.status.not_in((Status.WITHDRAWN, Status.DISQUALIFIED))).order_by(EntryRow.id)))


def submission_of(session: Session, entry: EntryRow) -> SubmissionRow:
    """An entry's submission."""
    return session.get_one(SubmissionRow, entry.submission_id)


def open_sources(session: Session, slug: str, now: dt.datetime) -> None:
    """Every source of a track is public from now."""
    query = update(SubmissionRow).where(SubmissionRow.track_slug == slug, SubmissionRow.source_public_at.is_(None))
    session.execute(query.values(source_public_at=now))
