"""Finals of closed seasons: fresh runs of each board's first ten, and the standings that are made of them alone, once and for all.

A version of the standings is never changed: if organizers take an entry out later, or bring it back, another version follows, with why.
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from minjoule import record
from minjoule.tracks import TrackRules
from server import audit
from server.boards import service as boards
from server.boards.doubt import Bill
from server.boards.standing import doubts_of
from server.db.rows import EntryRow, FinalistRow, FinalRow, FinalVersionRow, RunRow, SubmissionRow
from server.db.session import after_commit
from server.domain.errors import NotFound
from server.domain.finals import DEADLINE, Finalist, Place, Verdict, final_standings
from server.domain.ranking import TOP
from server.domain.run import MOST_REPLACED, Purpose, RunState
from server.domain.scoring import Bar, Status
from server.finals import repository
from server.logs import get_logger
from server.queue import Hints
from server.runs import remedies
from server.runs import service as runs
from server.runs.draws import joules
from server.runs.service import RunOrder
from server.tracks import service as tracks
from server.tracks.service import BoardView

log = get_logger()
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Slot:
    """One final run that is due; ``tries`` are the runs on its instance: the first, and its replacements."""

    entry: EntryRow
    index: int
    tries: list[RunRow]

    @property
    def run(self) -> RunRow | None:
        """The one that no other replaces."""
        replaced = {run.replaces_id for run in self.tries}
        return next((run for run in self.tries if run.id not in replaced), None)

    @property
    def done(self) -> bool:
        """It has a result."""
        return self.run is not None and self.run.state == RunState.DONE


def open_final(session: Session, hints: Hints, number: int, board: BoardView, rules: TrackRules, now: dt.datetime) -> list[str]:
    """Queue fresh runs, on instances of their own, of a board's first ten; returns the runs' ids. Raises NotFound."""
    season = repository.season(session, board.track, number)
    if season is None:
        raise NotFound(f"track {board.track} has no season {number}", "its rules page lists its seasons")
    final = FinalRow(season_id=season.id, board_id=board.id, target_loss=rules.target_loss, sigma=rules.sigma, runs_each=rules.runs)
    final.opened_at, final.deadline_at = now, now + DEADLINE
    session.add(final)
    session.flush()
    fresh: list[str] = []
    for each in boards.leaders(session, board.id, TOP):
        entry = session.get_one(EntryRow, each.entry_id)
        submission = session.get_one(SubmissionRow, entry.submission_id)
        first = runs.next_index(session, entry.id, Purpose.SEASON_CLOSE)
        session.add(FinalistRow(final_id=final.id, entry_id=entry.id, rank_before=entry.rank, first_index=first))
        order = RunOrder(entry.id, submission.id, submission.participant_id, board.host_class, rules.runs, Purpose.SEASON_CLOSE)
        fresh += [run.id for run in runs.open_runs(session, order, now)]
    boards.ask_for_ranking(session, board.id)  # its page links to the final
    if fresh:
        after_commit(session, lambda: hints.run_waits(board.host_class))
    return fresh


def tend(session: Session, hints: Hints, now: dt.datetime) -> None:
    """Every final a step further: replacements, standings, and another version where entries were taken out or restored."""
    undecided, ruled = repository.undecided(session), repository.ruled_since(session)
    boards.hold(session, {final.board_id for final in [*undecided, *ruled]})  # before the audit log, as everybody does
    for final in undecided:
        settle(session, hints, final, now)
    for final in ruled:
        revise(session, final, now)


def under_way(session: Session, slug: str) -> tuple[int, int] | None:
    """How many final runs of a track are done, of how many; None if no final is under way."""
    found = repository.undecided(session, slug)
    slots = [slot for final in found for slot in slots_of(session, final)]
    return (sum(slot.done for slot in slots), len(slots)) if found else None


def slots_of(session: Session, final: FinalRow) -> list[Slot]:
    """Every final run that is due."""
    tried = repository.runs_of(session, final)
    return [
        Slot(entry, index, tried.get((entry.id, index), []))
        for row, entry, _, _ in repository.finalists(session, final.id)
        for index in range(row.first_index, row.first_index + final.runs_each)
    ]


def settle(session: Session, hints: Hints, final: FinalRow, now: dt.datetime) -> None:
    """Replace what is void by our fault; once the last run has ended, or the deadline has passed, make the standings."""
    slots, late = slots_of(session, final), now >= final.deadline_at
    lost = [slot.run for slot in slots if slot.run is not None and slot.run.state == RunState.VOID and replaceable(slot)]
    if lost and not late:
        for run in lost:
            remedies.replace(session, hints, run.id, now)
        return
    waiting = [slot.run for slot in slots if slot.run is not None and slot.run.state in UNDER_WAY]
    if waiting and not late:
        return
    for run in waiting:
        remedies.void(session, run.id, f"the season's final runs had to be done by {final.deadline_at:%Y-%m-%d %H:%M} UTC", now)
    done = [slot.run for slot in slots if slot.run is not None and slot.done]
    store(session, final, standings_of(session, final, done), how_it_ended(final, slots, late=late and bool(waiting or lost)), now)


def replaceable(slot: Slot) -> bool:
    """We owe it another try. What its participant withdrew isn't run again."""
    return slot.entry.status != Status.WITHDRAWN and len(slot.tries) <= MOST_REPLACED


def how_it_ended(final: FinalRow, slots: list[Slot], *, late: bool) -> str:
    """Why the standings are made now."""
    done = sum(slot.done for slot in slots)
    if not slots:
        return "nobody qualified in this season"
    if done == len(slots):
        return f"all {done} final runs are done"
    void = next((slot.run.message for slot in slots if slot.run is not None and not slot.done and slot.run.message), "it was never run")
    when = f"the deadline {final.deadline_at:%Y-%m-%d %H:%M} UTC has passed with" if late else "every final run has ended,"
    return f"{when} {done} of {len(slots)} done; the others are void, by no fault of their entrants' code: {void}"


def revise(session: Session, final: FinalRow, now: dt.datetime) -> None:
    """Another version, if what was decided on entries since the last one moves anybody."""
    last = repository.versions(session, final.id)[-1]
    said = [f"{name}: {row.act.replace('_', ' ')} ({row.reason})" for row, name in repository.rulings(session, final)]
    standings = standings_of(session, final, repository.runs_named(session, [run for line in last.standings for run in line["runs"]]))
    if standings == last.standings:
        final.decisions_seen = repository.last_decision(session)
    else:
        store(session, final, standings, "; ".join(said), now)


def store(session: Session, final: FinalRow, standings: list[dict[str, Any]], reason: str, now: dt.datetime) -> None:
    """The next version. Its digest is in the audit log's chain."""
    season, board = repository.place(session, final)
    number, sha256 = len(repository.versions(session, final.id)) + 1, record.sha256(record.canonical({"standings": standings}))
    row = FinalVersionRow(final_id=final.id, number=number, at=now, reason=reason, standings=standings, sha256=sha256)
    final.decisions_seen = repository.last_decision(session)
    session.add(row)
    session.flush()
    subject, said = f"{season.track_slug} season {season.number} {board.host_class}", f"version {number} sha256 {row.sha256}: {reason}"
    audit.record(session, "platform", "final_standings", subject, said, now=now)
    log.info("final_decided", final=final.id, version=number, reason=reason)


def standings_of(session: Session, final: FinalRow, runs: list[RunRow]) -> list[dict[str, Any]]:
    """From these final runs alone, as JSON holds them: those done when the standings are made, and the same ever after."""
    _, board = repository.place(session, final)
    view = tracks.find_board(session, board.track_slug, board.host_class)
    found = {row[1].id: row for row in repository.finalists(session, final.id)}
    done: dict[int, list[RunRow]] = {entry_id: [] for entry_id in found}
    for run in runs:
        done[run.entry_id].append(run)
    finalists = [
        Finalist(entry.id, entry.created_at, Status(entry.status), [boards.as_score(run) for run in done[entry.id]])
        for _, entry, _, _ in found.values()
    ]
    places = final_standings(finalists, Bar(final.target_loss, final.sigma))
    return [line_of(place, found[place.entry_id], done[place.entry_id], final.runs_each, measured=not view.modelled) for place in places]


def line_of(
    place: Place, row: tuple[FinalistRow, EntryRow, SubmissionRow, str], done: list[RunRow], wanted: int, *, measured: bool
) -> dict[str, Any]:
    """One finalist. ``reason`` is public: why it was taken out."""
    finalist, entry, submission, participant = row
    figures = place.figures
    known = [run for run in done if measured and run.on_host_uj is not None]
    bills = [Bill(run.energy_uj or 0, run.expanded_uj, run.on_host_uj or 0) for run in known]
    taken_out = place.verdict in (Verdict.DISPUTED, Verdict.DISQUALIFIED, Verdict.WITHDRAWN)
    return {
        "rank": place.rank,
        "verdict": str(place.verdict),
        "submission": submission.digest,
        "name": submission.name,
        "participant": participant,
        "license": submission.license,
        "energy_j": math.exp(figures.mean_log_j) if figures.mean_log_j is not None else None,
        "loss": figures.loss.mean if figures.loss else None,
        "loss_low": figures.loss.low if figures.loss else None,
        "loss_high": figures.loss.high if figures.loss else None,
        "train_j": joules(figures.train_uj),
        "score_j": joules(figures.score_uj),
        **doubts_of(bills, figures.mean_log_j),
        "runs_done": figures.runs_done,
        "runs_wanted": wanted,
        "rank_before": finalist.rank_before,
        "reason": entry.status_reason if taken_out else None,
        "runs": [run.id for run in done],
    }
