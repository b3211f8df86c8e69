"""What organizers may do with an entry, and what a participant may object to: pure, from how the entry stands."""

from dataclasses import dataclass
from enum import StrEnum

from server.domain.errors import Conflict, Inadmissible
from server.domain.scoring import Status

REASON_CHARS = (10, 1000)


class Act(StrEnum):
    """An organizer's act on an entry."""

    FLAG = "flag"
    HOLD = "hold"
    RELEASE = "release"
    RERUN = "rerun"
    RECOMPUTE = "recompute"
    REPEAT = "repeat"
    ADOPT = "adopt"
    DISQUALIFY = "disqualify"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Stand:
    """How an entry stands: its status, and whether it's flagged or held."""

    status: Status
    flagged: bool = False
    held: bool = False

    @property
    def charged(self) -> bool:
        """Something stands against it that its participant may appeal."""
        return self.status in (Status.DISPUTED, Status.DISQUALIFIED) or self.flagged or self.held


NEEDS_RUN = frozenset({Act.REPEAT, Act.ADOPT})
"""Acts on one of the entry's runs; for the others a run is evidence, and may be left out."""
TAKEN_OUT = frozenset({Status.DISPUTED, Status.DISQUALIFIED})


def check_act(act: Act, stand: Stand) -> None:
    """Whether the act makes sense now. Raises Conflict."""
    said = stand.status.lower().replace("_", " ")
    if stand.status is Status.WITHDRAWN:
        raise Conflict(f"the entry was withdrawn by its participant: {act} is not possible", "a withdrawn submission counts as deleted")
    if act is Act.RESTORE and stand.status not in TAKEN_OUT:
        raise Conflict(f"the entry is {said}: only a disputed or disqualified entry can be restored", "nothing is left to do")
    if act in (Act.DISQUALIFY, Act.RERUN, Act.RECOMPUTE, Act.ADOPT, Act.HOLD) and stand.status is Status.DISQUALIFIED:
        raise Conflict(f"the entry is disqualified already: {act} is not possible", "restore it first")
    if (act is Act.FLAG and stand.flagged) or (act is Act.HOLD and stand.held):
        raise Conflict(f"the entry has a {act} already", "release it first, if the reason is another now")
    if act is Act.RELEASE and not (stand.flagged or stand.held):
        raise Conflict("the entry is neither flagged nor held: there's nothing to release", "nothing is left to do")


def check_appeal(stand: Stand, open_already: bool) -> None:
    """Whether there is something to object to. Raises Conflict."""
    said = stand.status.lower().replace("_", " ")
    if not stand.charged:
        raise Conflict(f"nothing stands against the entry: it is {said}", "an appeal needs a dispute, a disqualification, a flag or a hold")
    if open_already:
        raise Conflict("an appeal for this entry is open already", "organizers reply to it on the submission's page")


def checked_reason(raw: str) -> str:
    """A public text without surrounding blanks. Raises Inadmissible."""
    text, (least, most) = " ".join(raw.split()), REASON_CHARS
    if not least <= len(text) <= most or not text.isprintable():
        raise Inadmissible(f"the text has {len(text)} characters: {least} to {most} printable ones are due", "it's public")
    return text
