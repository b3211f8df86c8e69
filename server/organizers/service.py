"""Decisions on entries, each with a public reason and a line in the audit log; appeals and withdrawals of participants."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server import audit
from server.boards import service as boards
from server.db.rows import AppealRow, BoardRow, DecisionRow, EntryRow, SubmissionRow
from server.domain.errors import Conflict, Forbidden, NotFound
from server.domain.participant import Participant
from server.domain.reviews import Act, Stand, check_act, check_appeal, checked_reason
from server.domain.scoring import Status
from server.organizers import repository
from server.participants import teams
from server.participants.service import actor_of
from server.queue import Hints
from server.records import service as records
from server.runs import remedies
from server.tracks import service as tracks


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What was decided, by whom, and why. ``by`` is "the platform" where nobody did."""

    host_class: str
    act: str
    by: str
    reason: str
    at: dt.datetime


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
    session: Session, hints: Hints, organizer: Participant, act: Act, digest: str, host_class: str, reason: str, now: dt.datetime
) -> None:
    """Carry out an organizer's act. Raises NotFound, Conflict, Inadmissible; then nothing is changed."""
    entry, _ = find_entry(session, digest, host_class)
    said = checked_reason(reason)
    check_act(act, stand_of(entry))
    DOING[act](session, hints, entry, said, now)
    boards.ask_for_ranking(session, entry.board_id)
    note(session, organizer.id, act, entry.id, digest, said, now)


def flag(_: Session, __: Hints, entry: EntryRow, reason: str, ___: dt.datetime) -> None:
    """Ask organizers to look; changes no rank."""
    entry.flag_reason = reason


def hold(_: Session, __: Hints, entry: EntryRow, reason: str, ___: dt.datetime) -> None:
    """No duel and no record until it's released."""
    entry.hold_reason = reason


def release(_: Session, __: Hints, entry: EntryRow, ___: str, ____: dt.datetime) -> None:
    """End flag and hold."""
    entry.flag_reason = entry.hold_reason = None


def rerun(session: Session, hints: Hints, entry: EntryRow, _: str, now: dt.datetime) -> None:
    """Fresh runs on new instances, once those under way have ended."""
    if waiting := len(repository.open_runs(session, entry.id)):
        raise Conflict(f"{waiting} of its runs are still under way", "wait until they have ended")
    wanted = tracks.find_track(session, session.get_one(BoardRow, entry.board_id).track_slug).runs
    remedies.run_anew(session, hints, entry.id, wanted, now)


def rescore(session: Session, _: Hints, entry: EntryRow, __: str, ___: dt.datetime) -> None:
    """Its figures anew, from the stored runs by the rules as they are."""
    if not repository.done_runs(session, entry.id):
        raise Conflict("none of its runs is done: there's nothing to score", "wait until one has ended")
    boards.absorb_run(session, entry.id)


def disqualify(session: Session, _: Hints, entry: EntryRow, reason: str, now: dt.datetime) -> None:
    """Out of the ranking; its records are taken back."""
    boards.rule(session, entry.id, Status.DISQUALIFIED, reason, now)
    records.revoke_of_entry(session, entry.id, reason, now)


def restore(session: Session, _: Hints, entry: EntryRow, __: str, ___: dt.datetime) -> None:
    """Back to what its runs make of it; records are fought for anew."""
    boards.restore(session, entry.id)


Doing = Callable[[Session, Hints, EntryRow, str, dt.datetime], None]
DOING: dict[Act, Doing] = {
    Act.FLAG: flag,
    Act.HOLD: hold,
    Act.RELEASE: release,
    Act.RERUN: rerun,
    Act.RESCORE: rescore,
    Act.DISQUALIFY: disqualify,
    Act.RESTORE: restore,
}


def note(session: Session, who: int, act: str, entry_id: int, digest: str, reason: str, now: dt.datetime) -> None:
    """The public decision, and its line in the audit log, which names the whole text by its hash."""
    session.add(DecisionRow(participant_id=who, act=act, entry_id=entry_id, reason=reason, at=now))
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
    for entry in live:
        boards.rule(session, entry.id, Status.WITHDRAWN, said, now)
        records.revoke_of_entry(session, entry.id, said, now)
        for run in repository.open_runs(session, entry.id):
            remedies.void(session, run.id, said, now, by_its_own=True)
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
    return [DecisionView(host_class, row.act, by or "the platform", row.reason, row.at) for row, host_class, by in rows]


def appeals(session: Session, digest: str) -> list[AppealView]:
    """A submission's appeals, oldest first: public."""
    rows = repository.appeals(session, digest)
    return [AppealView(host_class, by, row.text, row.state, row.reply, row.opened_at, row.answered_at) for row, host_class, by in rows]
