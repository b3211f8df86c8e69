"""Duels and the records they confirm: who challenges, what the fresh runs say, and what the comment period may take back."""

import datetime as dt
import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.boards import service as boards
from server.db.rows import DuelRow, EntryRow, RecordRow, RunRow, SubmissionRow
from server.db.session import after_commit
from server.domain import duels
from server.domain.duels import DuelEvent, DuelState
from server.domain.errors import Conflict, NotFound
from server.domain.ranking import TOP, Contender
from server.domain.run import Purpose, RunState
from server.domain.scoring import Status
from server.hosts import service as hosts
from server.logs import get_logger
from server.queue import Hints
from server.records import repository
from server.runs import remedies
from server.runs import service as runs
from server.runs.service import RunOrder
from server.tracks import service as tracks
from server.tracks.service import BoardView

log = get_logger()
MOST_CANCELLED = 3
POOLED = 200
"""The class's scatter is taken from so many of the leading entries."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record in a board's history. ``energy_j``: of the duel's fresh runs; ``ratio`` to the holder's, None for the first."""

    id: int
    submission: str
    name: str
    participant: str
    energy_j: float
    state: str
    provisional_at: dt.datetime
    confirmed_at: dt.datetime | None
    revoked_at: dt.datetime | None
    reason: str | None
    runs_each: int
    alpha: float
    p: float | None
    ratio: float | None


def find_submission(session: Session, digest: str) -> SubmissionRow:
    """By its whole digest. Raises NotFound."""
    row = repository.submission(session, digest)
    if row is None:
        raise NotFound(f"there is no submission {digest[:70]!r}", "give its whole digest, as its page shows it")
    return row


def grants_records(session: Session, board: BoardView) -> bool:
    """Neither a tutorial nor a boundary that is noise."""
    return board.boundary not in duels.NO_RECORDS and not tracks.find_track(session, board.track).tutorial


def challenge(session: Session, hints: Hints, board: BoardView, now: dt.datetime) -> DuelRow | None:
    """Open the board's next duel, if one is due: one at a time."""
    if not grants_records(session, board) or repository.open_duels(session, board.id):
        return None
    field = boards.leaders(session, board.id, POOLED)
    live = hosts.live_hosts(session, board.host_class, now)
    cv = duels.class_cv((each.sd_log_j, each.runs) for each in field if each.sd_log_j is not None)
    if cv is None or not live:
        return None
    record = repository.holder(session, board.id)
    for contender in field[:TOP]:
        entry, submission = repository.entry_with_submission(session, contender.entry_id)
        if not may_challenge(session, contender, entry, record):
            continue
        season = repository.season_number(session, board.track, now)
        alpha = float(duels.alpha_of(repository.duels_spent(session, board.id, submission.lineage_id, season)))
        each = int(duels.runs_each(cv, alpha))
        if each:
            duel = DuelRow(board_id=board.id, season=season, lineage_id=submission.lineage_id, challenger_id=entry.id, opened_at=now)
            duel.incumbent_id = record.entry_id if record else None
            duel.host_id, duel.runs_each, duel.cv, duel.alpha, duel.state = live[0], each, cv, alpha, DuelState.QUEUED
            return open_duel(session, hints, board, duel, now)
    return None


def may_challenge(session: Session, contender: Contender, entry: EntryRow, record: RecordRow | None) -> bool:
    """It looks better, isn't held, and hasn't tried this holder before: once each, and once more where we cancelled."""
    if entry.hold_reason is not None or (record and record.entry_id == entry.id):
        return False
    if record and not bool(duels.looks_better(contender.mean_log_j, record.mean_log_j)):
        return False
    before = repository.duels_of(session, entry.id, record.entry_id if record else None)
    return all(each.state == DuelState.CANCELLED for each in before) and len(before) < MOST_CANCELLED


def open_duel(session: Session, hints: Hints, board: BoardView, duel: DuelRow, now: dt.datetime) -> DuelRow:
    """Queue its runs: pinned to one host, which takes them in turns (equal indices of both arms come together)."""
    session.add(duel)
    session.flush()
    arms = [each for each in (duel.challenger_id, duel.incumbent_id) if each is not None]
    first = max(runs.next_index(session, each, Purpose.DUEL) for each in arms)
    for entry_id in arms:
        _, submission = repository.entry_with_submission(session, entry_id)
        order = RunOrder(entry_id, submission.id, submission.participant_id, board.host_class, duel.runs_each, Purpose.DUEL)
        runs.open_runs(session, order, now, duel_id=duel.id, host_id=duel.host_id, first=first)
    after_commit(session, lambda: hints.run_waits(board.host_class))
    log.info("duel_opened", duel=duel.id, board=board.id, challenger=duel.challenger_id, runs_each=duel.runs_each, alpha=duel.alpha)
    return duel


def advance(session: Session, duel: DuelRow, now: dt.datetime) -> None:
    """Begin, decide or cancel a duel, as its runs stand."""
    found = repository.runs_of_duel(session, duel.id)
    if why := obstacle(session, duel, found):
        return cancel(session, duel, why, now)
    if duel.state == DuelState.QUEUED and any(run.state != RunState.QUEUED for run in found):
        duel.state = duels.after(DuelState(duel.state), DuelEvent.BEGUN)
    if found and all(run.state == RunState.DONE for run in found):
        decide(session, duel, found, now)
    return None


def obstacle(session: Session, duel: DuelRow, found: list[RunRow]) -> str | None:
    """Why a duel can't go on."""
    void = next((run for run in found if run.state == RunState.VOID), None)
    if void is not None:
        return f"run {void.id} is void: {void.message}"
    if not hosts.in_service(session, duel.host_id):
        name = hosts.name_of(session, duel.host_id)
        return f"host {name}, on which all its runs were due, has left service; the challenger may try again on another"
    challenger = session.get_one(EntryRow, duel.challenger_id)
    if challenger.status != Status.QUALIFIED:
        return f"the challenger is {challenger.status.lower().replace('_', ' ')} now"
    record = repository.holder(session, duel.board_id)
    if (record.entry_id if record else None) != duel.incumbent_id:
        return "the record has changed hands meanwhile"
    return None


def cancel(session: Session, duel: DuelRow, reason: str, now: dt.datetime) -> None:
    """It shows nothing and spends nothing; what it queued is void."""
    duel.state, duel.reason, duel.decided_at = duels.after(DuelState(duel.state), DuelEvent.CANCELLED), reason, now
    remedies.hold(session, [each for each in (duel.challenger_id, duel.incumbent_id) if each is not None])
    for run in repository.runs_of_duel(session, duel.id):
        if run.state in (RunState.QUEUED, RunState.RUNNING):
            remedies.void(session, run.id, f"its duel was cancelled: {reason}", now)
    log.warning("duel_cancelled", duel=duel.id, reason=reason)


def decide(session: Session, duel: DuelRow, found: list[RunRow], now: dt.datetime) -> None:
    """By the fresh runs alone."""
    arms = [[boards.as_score(run) for run in found if run.entry_id == who] for who in (duel.challenger_id, duel.incumbent_id)]
    verdict = duels.decide(arms[0], arms[1], duel.alpha, boards.bar_of(session, repository.board(session, duel.board_id).track_slug))
    duel.state = duels.after(DuelState(duel.state), DuelEvent.WON if verdict.won else DuelEvent.LOST)
    duel.reason, duel.p, duel.ratio, duel.decided_at = verdict.reason, verdict.p, verdict.ratio, now
    session.flush()
    if verdict.won and verdict.mean_log_j is not None:
        row = RecordRow(board_id=duel.board_id, entry_id=duel.challenger_id, duel_id=duel.id, provisional_at=now)
        row.mean_log_j = verdict.mean_log_j
        session.add(row)
    log.info("duel_decided", duel=duel.id, won=verdict.won, p=verdict.p, ratio=verdict.ratio)


def confirm(session: Session, now: dt.datetime) -> int:
    """Records whose comment period is over, unless their entry is in doubt; returns how many. Sources open by the track's rule."""
    count = 0
    for record, entry in repository.unconfirmed(session, now - duels.COMMENT_PERIOD):
        if entry.status == Status.QUALIFIED and entry.hold_reason is None:
            record.confirmed_at = now
            submission = session.get_one(SubmissionRow, entry.submission_id)
            if tracks.find_track(session, submission.track_slug).source_public == "record":
                submission.source_public_at = submission.source_public_at or now
            count += 1
    return count


def revoke(session: Session, record_id: int, reason: str, now: dt.datetime) -> None:
    """Take a record back, with a public reason; the one before stands again. Raises NotFound, Conflict."""
    record = session.get(RecordRow, record_id)
    if record is None:
        raise NotFound(f"there is no record {record_id}", "the board's history lists them")
    if record.revoked_at is not None:
        raise Conflict(f"record {record_id} was revoked {record.revoked_at:%Y-%m-%d %H:%M} UTC: {record.reason}", "nothing is left to do")
    record.revoked_at, record.reason = now, reason


def revoke_of_entry(session: Session, entry_id: int, reason: str, now: dt.datetime) -> int:
    """Every record of an entry (it was disqualified); returns how many."""
    found = repository.records_of_entry(session, entry_id)
    for record in found:
        revoke(session, record.id, reason, now)
    return len(found)


def history(session: Session, board: BoardView) -> list[RecordView]:
    """A board's records, oldest first, revoked ones included."""
    return [view_of(record, submission, name, duel) for record, submission, name, duel in repository.records_of(session, board.id)]


def view_of(record: RecordRow, submission: SubmissionRow, participant: str, duel: DuelRow) -> RecordView:
    """As a value."""
    return RecordView(
        id=record.id,
        submission=submission.digest,
        name=submission.name,
        participant=participant,
        energy_j=math.exp(record.mean_log_j),
        state="revoked" if record.revoked_at else "confirmed" if record.confirmed_at else "provisional",
        provisional_at=record.provisional_at,
        confirmed_at=record.confirmed_at,
        revoked_at=record.revoked_at,
        reason=record.reason,
        runs_each=duel.runs_each,
        alpha=duel.alpha,
        p=duel.p,
        ratio=duel.ratio,
    )
