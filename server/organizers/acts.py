"""What each of an organizer's acts does to an entry; whether it may, and how it's noted, is the service's affair."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.boards import service as boards
from server.db.rows import BoardRow, EntryRow, RunRow
from server.domain.errors import Conflict
from server.domain.reviews import Act
from server.domain.scoring import Status
from server.organizers import repository
from server.queue import Hints
from server.records import service as records
from server.runs import remedies
from server.tracks import service as tracks


@dataclass(frozen=True, slots=True)
class Ruling:
    """The public reason, when, and the run that it names: what the act is about, or its evidence."""

    reason: str
    at: dt.datetime
    run: RunRow | None


def flag(_: Session, __: Hints, entry: EntryRow, ruling: Ruling) -> None:
    """Ask organizers to look; changes no rank."""
    entry.flag_reason = ruling.reason


def hold(_: Session, __: Hints, entry: EntryRow, ruling: Ruling) -> None:
    """No duel and no record until it's released."""
    entry.hold_reason = ruling.reason


def release(_: Session, __: Hints, entry: EntryRow, ___: Ruling) -> None:
    """End flag and hold."""
    entry.flag_reason = entry.hold_reason = None


def rerun(session: Session, hints: Hints, entry: EntryRow, ruling: Ruling) -> None:
    """Fresh runs on new instances, once those under way have ended."""
    if waiting := len(repository.open_runs(session, entry.id)):
        raise Conflict(f"{waiting} of its runs are still under way", "wait until they have ended")
    wanted = tracks.find_track(session, session.get_one(BoardRow, entry.board_id).track_slug).runs
    remedies.run_anew(session, hints, entry.id, wanted, ruling.at)


def recompute(session: Session, _: Hints, entry: EntryRow, __: Ruling) -> None:
    """Its figures anew, from the stored runs by the rules as they are."""
    if not repository.done_runs(session, entry.id):
        raise Conflict("none of its runs is done: there's nothing to compute from", "wait until one has ended")
    boards.absorb_run(session, entry.id)


def repeat(session: Session, hints: Hints, _: EntryRow, ruling: Ruling) -> None:
    """The run once more, trained and scored anew on the same draw: evidence, until it's adopted."""
    if ruling.run is not None:
        remedies.repeat(session, hints, ruling.run, ruling.at)


def adopt(session: Session, _: Hints, __: EntryRow, ruling: Ruling) -> None:
    """A repeat counts in the place of what it repeats; both stay to be seen."""
    if ruling.run is not None:
        remedies.adopt(session, ruling.run)


def disqualify(session: Session, _: Hints, entry: EntryRow, ruling: Ruling) -> None:
    """Out of the ranking; its records are taken back."""
    boards.rule(session, entry.id, Status.DISQUALIFIED, ruling.reason, ruling.at)
    records.revoke_of_entry(session, entry.id, ruling.reason, ruling.at)


def restore(session: Session, _: Hints, entry: EntryRow, __: Ruling) -> None:
    """Back to what its runs make of it; records are fought for anew."""
    boards.restore(session, entry.id)


Doing = Callable[[Session, Hints, EntryRow, Ruling], None]
DOING: dict[Act, Doing] = {
    Act.FLAG: flag,
    Act.HOLD: hold,
    Act.RELEASE: release,
    Act.RERUN: rerun,
    Act.RECOMPUTE: recompute,
    Act.REPEAT: repeat,
    Act.ADOPT: adopt,
    Act.DISQUALIFY: disqualify,
    Act.RESTORE: restore,
}
