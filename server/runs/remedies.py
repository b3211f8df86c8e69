"""What makes up for a run that went wrong: void it with a public reason, replace it on the same instance, run an entry anew."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.boards import service as boards
from server.db.rows import EntryRow, RunRow
from server.db.session import after_commit
from server.domain.errors import Conflict, NotFound
from server.domain.keys import new_seed
from server.domain.run import COUNTING, MOST_REPLACED, QUEUE_DEADLINE_DAYS, Cause, Event, Purpose, RunState, after
from server.queue import Hints
from server.runs import quota, repository
from server.runs.draws import counts
from server.runs.service import RunOrder, new_run_id, open_runs

REPLACED_AFTER = dt.timedelta(hours=1)
"""Whatever made three attempts fail is given time to be mended."""


def void(session: Session, run_id: str, reason: str, now: dt.datetime, *, by_its_own: bool = False) -> None:
    """The run counts no more and costs nothing; the reason is public. Raises NotFound, Conflict.

    ``by_its_own``: its participant ended it, and pays for one that had begun, with the joules that its host had told of.
    """
    run = session.get(RunRow, run_id)
    if run is None:
        raise NotFound(f"there is no run {run_id[:40]!r}", "the submission's page lists its runs")
    if run.state == RunState.VOID:
        raise Conflict(f"run {run_id} is void already: {run.message}", "replace it, if it should be run again")
    attempt = repository.open_attempt_of_run(session, run_id)
    to = after(RunState(run.state), Event.VOIDED)
    spent_uj = (attempt.energy_uj or 0) if by_its_own and attempt is not None else None
    values = {"outcome": None, "message": reason, "finished_at": now, "deadline_at": None}
    if not quota.move(session, run, run.epoch, to, now, spent_uj=spent_uj, **values):
        raise Conflict(f"run {run_id} has moved on", "look at it again")
    if attempt is not None:
        attempt.state, attempt.ended_at, attempt.fault_cause, attempt.fault_detail = "FAULTED", now, Cause.VOIDED, reason
    session.flush()
    boards.absorb_run(session, run.entry_id)


def replace(session: Session, hints: Hints, run_id: str, now: dt.datetime) -> str:
    """Queue a void run's replacement on the same instance, which costs nobody anything; returns its id. Raises NotFound, Conflict."""
    old = session.get(RunRow, run_id)
    if old is None:
        raise NotFound(f"there is no run {run_id[:40]!r}", "the submission's page lists its runs")
    if old.state != RunState.VOID or old.duel_id is not None:
        raise Conflict(f"run {run_id} is {old.state.lower()}: only a void run outside a duel is replaced", "void it first, with a reason")
    if repository.replacement(session, old) is not None:
        raise Conflict(f"run {run_id} has been replaced already", "the submission's page shows the replacement")
    row = RunRow(id=new_run_id(now), replaces_id=old.id, state=RunState.QUEUED, seed=new_seed(), queued_at=now, hinted_at=now)
    for field in ("entry_id", "submission_id", "participant_id", "host_class", "index", "purpose", "host_id", "superseded", "repeats_id"):
        setattr(row, field, getattr(old, field))
    row.seed = old.seed if old.repeats_id else row.seed
    row.deadline_at = now + dt.timedelta(days=QUEUE_DEADLINE_DAYS)
    session.add(row)
    session.flush()
    after_commit(session, lambda: hints.run_waits(row.host_class))
    return row.id


def replace_lost(session: Session, hints: Hints, now: dt.datetime) -> list[str]:
    """What is void by our fault, of the runs that list an entry or keep it apart from others: again, an hour later, twice at most."""
    return [replace(session, hints, run.id, now) for run in repository.lost(session, now - REPLACED_AFTER, MOST_REPLACED)]


def repeat(session: Session, hints: Hints, run: RunRow, now: dt.datetime) -> str:
    """Train and score anew on a done run's instance, with its seed; counts only if it's adopted. Its id. Raises Conflict."""
    if run.repeats_id is not None:
        raise Conflict(f"run {run.id} is a repeat itself", f"repeat run {run.repeats_id}")
    if run.state != RunState.DONE:
        raise Conflict(f"run {run.id} is {run.state.lower()}: only a run that is done is repeated", "wait until it's done, or replace it")
    waiting = [each for each in repository.same_draw(session, run) if each.state in (RunState.QUEUED, RunState.RUNNING)]
    if waiting:
        raise Conflict(f"run {run.id} is being repeated already, as run {waiting[0].id}", "wait until that is done")
    order = RunOrder(run.entry_id, run.submission_id, run.participant_id, run.host_class, 1, Purpose.REPEAT)
    (fresh,) = open_runs(session, order, now)
    fresh.repeats_id, fresh.seed, fresh.superseded = run.id, run.seed, True
    host_class = run.host_class
    after_commit(session, lambda: hints.run_waits(host_class))
    return fresh.id


def adopt(session: Session, run: RunRow) -> None:
    """A done repeat counts from now on, in the place of what it repeats. Raises Conflict."""
    if run.repeats_id is None:
        raise Conflict(f"run {run.id} is no repeat: it has the purpose {run.purpose.replace('_', ' ')}", "repeat a run first")
    first = session.get_one(RunRow, run.repeats_id)
    if run.state != RunState.DONE or not run.superseded:
        said = "counts already" if run.state == RunState.DONE else f"is {run.state.lower()}"
        raise Conflict(f"run {run.id} {said}: only a done repeat that doesn't count is adopted", "its page says where it stands")
    standing = next((each for each in repository.same_draw(session, run) if counts(each)), None)
    if standing is None or first.purpose not in COUNTING:
        raise Conflict(f"run {first.id}, which it repeats, makes no figures of its entry", "only a run that counts is replaced")
    standing.superseded, run.superseded = True, False
    session.flush()
    boards.absorb_run(session, run.entry_id)


def hold(session: Session, entry_ids: Iterable[int]) -> None:
    """Whoever will end runs of several entries, and change their boards, takes the runs beforehand: then nobody waits in a circle."""
    repository.hold_open(session, entry_ids)


def run_anew(session: Session, hints: Hints, entry_id: int, wanted: int, now: dt.datetime) -> list[str]:
    """Supersede an entry's runs and queue fresh ones on new instances (a change of the rules, an organizer's order): nobody's cost."""
    rows = [run for run in repository.of_entry(session, entry_id) if run.purpose in COUNTING and not run.superseded]
    for run in rows:
        if run.state == RunState.QUEUED:
            void(session, run.id, "the entry is run anew", now)
    session.execute(update(RunRow).where(RunRow.id.in_([run.id for run in rows])).values(superseded=True))
    session.expire_all()
    entry = session.get_one(EntryRow, entry_id)
    entry.runs_wanted = wanted
    first = rows[0] if rows else None
    if first is None:
        raise Conflict(f"entry {entry_id} has no run that could be run anew", "it's queued already")
    fresh = open_runs(session, RunOrder(entry_id, first.submission_id, first.participant_id, first.host_class, wanted), now)
    boards.absorb_run(session, entry_id)
    host_class = first.host_class  # read now: the row may be expired by the time the transaction has committed
    after_commit(session, lambda: hints.run_waits(host_class))
    return [run.id for run in fresh]
