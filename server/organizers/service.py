"""Decisions on entries, each with a public reason and a line in the audit log; appeals and withdrawals of participants."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server import audit
from server.boards import service as boards
from server.db.rows import AppealRow, DecisionRow, EntryRow, RunRow, SubmissionRow
from server.domain.errors import Conflict, Forbidden, Inadmissible, NotFound
from server.domain.participant import Participant
from server.domain.reviews import NEEDS_RUN, Act, Stand, check_act, check_appeal, checked_reason
from server.domain.run import Purpose
from server.domain.scoring import Status
from server.organizers import repository
from server.organizers.acts import DOING, Ruling
from server.participants import teams
from server.participants.service import actor_of
from server.queue import Hints
from server.records import service as records
from server.runs import remedies


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What was decided, by whom, and why. ``by`` is "the platform" where nobody did; ``run`` is the evidence, where one was named."""

    host_class: str
    act: str
    by: str
    reason: str
    at: dt.datetime
    run: str | None


@dataclass(frozen=True, slots=True)
class AppealView:
    """An objection and its reply."""

    host_class: str
    by: str
    text: str
    state: str
    reply: str | None
    opened_at: dt.datetime
    answered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """An entry in the organizers' queue."""

    submission: str
    name: str
    track: str
    host_class: str
    participant: str
    status: str
    reasons: list[str]
    appealed: bool


def stand_of(entry: EntryRow) -> Stand:
    """How an entry stands, as a value."""
    return Stand(Status(entry.status), entry.flag_reason is not None, entry.hold_reason is not None)


def find_entry(session: Session, digest: str, host_class: str) -> tuple[EntryRow, SubmissionRow]:
    """Raises NotFound."""
    found = repository.entry(session, digest, host_class)
    if found is None:
        said = f"there is no submission {digest[:64]!r} on a board of host class {host_class[:60]!r}"
        raise NotFound(said, "it doesn't exist, or was deleted: its page lists its boards")
    return found


def act_on(
    session: Session,
    hints: Hints,
    organizer: Participant,
    act: Act,
    digest: str,
    host_class: str,
    reason: str,
    now: dt.datetime,
    *,
    run_id: str = "",
) -> None:
    """Carry out an organizer's act. ``run_id`` names the run it's about, or its evidence.

    Raises NotFound, Conflict, Inadmissible; then nothing is changed.
    """
    entry, _ = find_entry(session, digest, host_class)
    said, run = checked_reason(reason), find_evidence(session, act, entry, run_id)
    check_act(act, stand_of(entry))
    DOING[act](session, hints, entry, Ruling(said, now, run))
    boards.ask_for_ranking(session, entry.board_id)
    note(session, organizer.id, act, entry.id, digest, said, now, run_id=run.id if run else None)


def find_evidence(session: Session, act: Act, entry: EntryRow, run_id: str) -> RunRow | None:
    """The run that an act names: anybody's as evidence, one of the entry's own where the act is about it.

    Raises NotFound, Conflict, Inadmissible.
    """
    asked = run_id.strip().rpartition("/")[2]  # its page's address is taken too
    if not asked:
        if act in NEEDS_RUN:
            raise Inadmissible(f"{act} is about a run, and none was named", "give the run's id, as its page's address has it")
        return None
    run = session.get(RunRow, asked[:30])
    if run is None:
        raise NotFound(f"there is no run {asked[:40]!r}", "give the run's id, as its page's address has it")
    if act in NEEDS_RUN and run.entry_id != entry.id:
        raise Conflict(f"run {run.id} is another entry's: {act} needs one of this entry's own", "the submission's page lists its runs")
    return run


def note(
    session: Session, who: int, act: str, entry_id: int, digest: str, reason: str, now: dt.datetime, *, run_id: str | None = None
) -> None:
    """The public decision, and its line in the audit log, which names the whole text by its hash."""
    session.add(DecisionRow(participant_id=who, act=act, entry_id=entry_id, run_id=run_id, reason=reason, at=now))
    sha256 = hashlib.sha256(reason.encode()).hexdigest()
    audit.record(session, actor_of(who), f"entry_{act}", f"{digest} {entry_id}", f"sha256 {sha256}: {reason}", now=now)


def owned(session: Session, who: Participant, submission: SubmissionRow) -> None:
    """Whether somebody may act for a submission: its participant, or a member of its team. Raises Forbidden."""
    if not teams.acts_for(session, who.id, submission.participant_id):
        raise Forbidden("this submission is somebody else's", "its own participant, or a member of its team, may do this")


def may_act(session: Session, who: Participant, digest: str) -> bool:
    """The same as an answer, for pages."""
    submission = records.find_submission(session, digest)
    return teams.acts_for(session, who.id, submission.participant_id)


def appeal(session: Session, who: Participant, digest: str, host_class: str, text: str, now: dt.datetime) -> None:
    """Object to what stands against one's entry. Raises NotFound, Forbidden, Conflict, Inadmissible."""
    entry, submission = find_entry(session, digest, host_class)
    owned(session, who, submission)
    said = checked_reason(text)
    check_appeal(stand_of(entry), repository.open_appeal(session, entry.id) is not None)
    session.add(AppealRow(entry_id=entry.id, participant_id=who.id, text=said, opened_at=now))
    note(session, who.id, "appeal", entry.id, digest, said, now)


def reply(session: Session, organizer: Participant, digest: str, host_class: str, uphold: bool, text: str, now: dt.datetime) -> None:
    """Answer an appeal; upheld, it restores or releases the entry. Raises NotFound, Conflict, Inadmissible."""
    entry, _ = find_entry(session, digest, host_class)
    said, row = checked_reason(text), repository.open_appeal(session, entry.id)
    if row is None:
        raise Conflict("no appeal for this entry is open", "the submission's page shows those that were answered")
    row.state, row.reply, row.answered_at = "UPHELD" if uphold else "REJECTED", said, now
    if uphold:
        entry.flag_reason = entry.hold_reason = None
        if entry.status in (Status.DISPUTED, Status.DISQUALIFIED):
            boards.restore(session, entry.id)
    boards.ask_for_ranking(session, entry.board_id)
    note(session, organizer.id, "uphold_appeal" if uphold else "reject_appeal", entry.id, digest, said, now)


def withdraw(session: Session, who: Participant, digest: str, reason: str, now: dt.datetime) -> int:
    """Take one's submission out of every board; runs not yet begun cost nothing. How many entries. Raises NotFound, Forbidden, Conflict."""
    found = repository.entries(session, digest)
    if not found:
        raise NotFound(f"there is no submission {digest[:64]!r}", "give its whole digest, as its page shows it")
    owned(session, who, found[0][1])
    said = checked_reason(reason or "withdrawn by its participant")
    live = [entry for entry, _, _ in found if entry.status != Status.WITHDRAWN]
    if not live:
        raise Conflict("the submission was withdrawn already", "nothing is left to do")
    for entry in live:
        if entry.status == Status.DISQUALIFIED:
            raise Conflict("the submission is disqualified: that stays on the record", "appeal, if it's wrong")
    remedies.hold(session, [entry.id for entry in live])
    boards.hold(session, [entry.board_id for entry in live])
    for entry in live:
        boards.rule(session, entry.id, Status.WITHDRAWN, said, now)
        records.revoke_of_entry(session, entry.id, said, now)
        for run in repository.open_runs(session, entry.id):
            # a replication is somebody else's: whoever withdraws doesn't spend their quota
            remedies.void(session, run.id, said, now, by_its_own=run.purpose != Purpose.REPLICATION)
    for entry in live:
        note(session, who.id, "withdraw", entry.id, digest, said, now)
    return len(live)


def stands(session: Session, digest: str) -> list[tuple[str, Stand, list[str]]]:
    """A submission's entries: host class, how each stands, and the public reasons."""
    found = repository.entries(session, digest)
    return [
        (host_class, stand_of(row), [each for each in (row.status_reason, row.hold_reason, row.flag_reason) if each])
        for row, _, host_class in found
    ]


def cases(session: Session) -> list[Case]:
    """What organizers should look at."""
    return [
        Case(
            submission=row.digest,
            name=row.name,
            track=row.track_slug,
            host_class=row.host_class,
            participant=row.participant,
            status=row.status,
            reasons=[each for each in (row.status_reason, row.hold_reason, row.flag_reason) if each],
            appealed=row.appealed,
        )
        for row in repository.in_question(session)
    ]


def decisions(session: Session, digest: str) -> list[DecisionView]:
    """What was decided on a submission, oldest first: public."""
    rows = repository.decisions(session, digest)
    return [DecisionView(host_class, row.act, by or "the platform", row.reason, row.at, row.run_id) for row, host_class, by in rows]


def appeals(session: Session, digest: str) -> list[AppealView]:
    """A submission's appeals, oldest first: public."""
    rows = repository.appeals(session, digest)
    return [AppealView(host_class, by, row.text, row.state, row.reply, row.opened_at, row.answered_at) for row, host_class, by in rows]
