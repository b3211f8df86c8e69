"""Runs that check standings: more of them until the first ten are apart, others on a second host, and anybody's replication."""

import datetime as dt

from sqlalchemy.orm import Session

from server import audit
from server.boards import service as boards
from server.db.rows import DecisionRow, EntryRow, RunRow
from server.db.session import after_commit
from server.domain.agreement import Bill, disagreement
from server.domain.errors import Conflict, NotFound
from server.domain.participant import Participant
from server.domain.quota import Limits
from server.domain.ranking import MOST_RUNS, to_separate
from server.domain.run import COUNTING, Purpose, RunState
from server.domain.scoring import Status
from server.hosts import service as hosts
from server.logs import get_logger
from server.queue import Hints
from server.records import repository, service
from server.runs import quota
from server.runs import service as runs
from server.runs.quota import Payer
from server.runs.service import RunOrder
from server.tracks import service as tracks
from server.tracks.service import BoardView

log = get_logger()
VERIFIED = 3
LEAST_RUNS = 3
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)


def separate(session: Session, hints: Hints, board: BoardView, now: dt.datetime) -> int:
    """More runs for those of the first ten that aren't surely apart, up to 30 each; returns how many were queued."""
    if not service.grants_records(session, board):
        return 0
    batch, count = tracks.find_track(session, board.track).runs, 0
    for entry_id in to_separate(boards.leaders(session, board.id, service.POOLED)):
        have = repository.runs_for(session, entry_id, *COUNTING)
        if not any(run.state in UNDER_WAY for run in have) and len(have) < MOST_RUNS:
            count += len(order(session, board, entry_id, min(batch, MOST_RUNS - len(have)), Purpose.SEPARATION, now))
    if count:
        after_commit(session, lambda: hints.run_waits(board.host_class))
    return count


def verify(session: Session, hints: Hints, board: BoardView, now: dt.datetime) -> int:
    """The first three run again on a host that hasn't judged them, where the class has one; returns how many runs were queued."""
    live, count = hosts.live_hosts(session, board.host_class, now), 0
    if len(live) < 2:
        return 0
    for contender in boards.leaders(session, board.id, VERIFIED):
        others = [host_id for host_id in live if host_id not in repository.judges_of(session, contender.entry_id)]
        if others and not repository.runs_for(session, contender.entry_id, Purpose.VERIFICATION):
            wanted = max(LEAST_RUNS, min(contender.runs, tracks.find_track(session, board.track).runs))
            count += len(order(session, board, contender.entry_id, wanted, Purpose.VERIFICATION, now, host_id=others[0]))
    if count:
        after_commit(session, lambda: hints.run_waits(board.host_class))
    return count


def compare(session: Session, board: BoardView, now: dt.datetime) -> list[int]:
    """Entries whose verification or replication disagrees with what listed them: disputed, with an alarm; returns their ids."""
    disputed = []
    for entry_id in repository.checked_entries(session, board.id):
        first = done(repository.runs_for(session, entry_id, *COUNTING))
        for purpose in (Purpose.VERIFICATION, Purpose.REPLICATION):
            again = repository.runs_for(session, entry_id, purpose)
            if len(first) < 2 or len(done(again)) < 2 or any(run.state in UNDER_WAY for run in again):
                continue
            said = disagreement([bill_of(run) for run in first], [bill_of(run) for run in done(again)])
            if said is not None:
                dispute(session, entry_id, purpose, said, (first, done(again)), now)
                disputed.append(entry_id)
                break
    return disputed


def dispute(
    session: Session, entry_id: int, purpose: Purpose, said: str, sides: tuple[list[RunRow], list[RunRow]], now: dt.datetime
) -> None:
    """Out of the ranking until organizers have looked; the runs of both sides are flagged, each with one of the other's."""
    names = [", ".join(repository.hosts_of(session, [run.id for run in side])) for side in sides]
    reason = f"its {purpose} disagrees, {names[0]} against {names[1]}: {said}"
    boards.rule(session, entry_id, Status.DISPUTED, reason, now)
    session.get_one(EntryRow, entry_id).flag_reason = reason
    for mine, others in (sides, sides[::-1]):
        for place, run in enumerate(mine):
            run.flag, run.disputed_by_id = run.flag or f"disputed: {reason}", others[min(place, len(others) - 1)].id
    session.add(DecisionRow(act="disputed", entry_id=entry_id, run_id=sides[1][0].id, reason=reason, at=now))
    audit.record(session, "platform", "entry_disputed", str(entry_id), reason, now=now)
    log.error("entry_disputed", entry=entry_id, reason=reason)


def replicate(
    session: Session, hints: Hints, who: Participant, digest: str, host_class: str, limits: Limits, now: dt.datetime
) -> list[RunRow]:
    """Anybody may have a listed submission run again, from their own quota. Raises NotFound, Conflict, QuotaExceeded."""
    submission = service.find_submission(session, digest)
    board = tracks.find_board(session, submission.track_slug, host_class)
    entry = repository.entry_of(session, submission.digest, board.id)
    if entry is None:
        raise NotFound(f"submission {digest[:16]} has no entry on board {host_class}", "its page lists its boards")
    if entry.status not in (Status.QUALIFIED, Status.ABOVE_TARGET, Status.DISPUTED):
        raise Conflict(f"this entry is {entry.status.lower()}: only what is listed can be replicated", "wait until its runs are done")
    if any(run.state in UNDER_WAY for run in repository.runs_for(session, entry.id, Purpose.REPLICATION)):
        raise Conflict("a replication of this entry is under way", "its page shows the runs")
    wanted = max(LEAST_RUNS, tracks.find_track(session, board.track).runs)
    payer = Payer(who.id)
    quota.check(session, payer, wanted, limits, 0, now)
    after_commit(session, lambda: hints.run_waits(board.host_class))
    queued = order(session, board, entry.id, wanted, Purpose.REPLICATION, now, participant_id=who.id)
    quota.charge(session, payer, queued, now)
    return queued


def order(
    session: Session,
    board: BoardView,
    entry_id: int,
    count: int,
    purpose: Purpose,
    now: dt.datetime,
    *,
    host_id: int | None = None,
    participant_id: int | None = None,
) -> list[RunRow]:
    """Queue runs for an entry."""
    _, submission = repository.entry_with_submission(session, entry_id)
    wanted = RunOrder(entry_id, submission.id, participant_id or submission.participant_id, board.host_class, count, purpose)
    return runs.open_runs(session, wanted, now, host_id=host_id)


def done(found: list[RunRow]) -> list[RunRow]:
    """Those that have a bill."""
    return [run for run in found if run.state == RunState.DONE and run.energy_uj]


def bill_of(run: RunRow) -> Bill:
    """A done run's."""
    return Bill(run.energy_uj or 0, run.expanded_uj)
