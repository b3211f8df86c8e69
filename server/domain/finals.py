"""A closed season's final standings: from fresh runs alone, whatever earned the place in the final. Pure; it knows no rows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.domain.ranking import Contender, rank
from server.domain.scoring import Bar, EntryFigures, Score, Status, assess

DEADLINE = dt.timedelta(days=7)
"""So long the final runs may take; then the standings are made of what is there."""
LEAST_RUNS = 2
"""Below, an entry's scatter isn't known: it stays unranked."""


class Verdict(StrEnum):
    """What became of a finalist."""

    RANKED = "ranked"
    MISSED = "missed in the final"
    UNFINISHED = "not run in time"
    DISPUTED = "disputed"
    DISQUALIFIED = "disqualified"
    WITHDRAWN = "withdrawn"


OUT = {Status.DISPUTED: Verdict.DISPUTED, Status.DISQUALIFIED: Verdict.DISQUALIFIED, Status.WITHDRAWN: Verdict.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Finalist:
    """An entry as it stands on its board now, and its done final runs."""

    entry_id: int
    created_at: dt.datetime
    status: Status
    scores: Sequence[Score]


@dataclass(frozen=True, slots=True)
class Place:
    """A finalist's place; ``rank`` is None unless it's RANKED."""

    entry_id: int
    rank: int | None
    verdict: Verdict
    figures: EntryFigures


def final_standings(finalists: Sequence[Finalist], bar: Bar) -> list[Place]:
    """The ranked by rank, ties the earliest first; then the others by verdict, the earliest first.

    Every done run counts, and a run that missed can't be averaged away. Whoever was taken out of the board has no place here either,
    before the runs or after. Raises ValueError on a non-finite loss or a bill below 1 uJ.
    """
    assessed = {each.entry_id: assess(each.scores, max(LEAST_RUNS, len(each.scores)), bar) for each in finalists}
    verdicts = {each.entry_id: verdict(each, assessed[each.entry_id]) for each in finalists}
    ranks = rank(
        Contender(each.entry_id, figures.mean_log_j, figures.sd_log_j, figures.runs_done, each.created_at)
        for each in finalists
        if verdicts[each.entry_id] is Verdict.RANKED and (figures := assessed[each.entry_id]).mean_log_j is not None
    )
    order = list(Verdict)
    shown = sorted(
        finalists, key=lambda each: (order.index(verdicts[each.entry_id]), ranks.get(each.entry_id, 0), each.created_at, each.entry_id)
    )
    return [Place(each.entry_id, ranks.get(each.entry_id), verdicts[each.entry_id], assessed[each.entry_id]) for each in shown]


def verdict(finalist: Finalist, figures: EntryFigures) -> Verdict:
    """By how it stands on the board, then by its final runs."""
    if finalist.status in OUT:
        return OUT[finalist.status]
    if figures.status is Status.PROVISIONAL:
        return Verdict.UNFINISHED
    return Verdict.RANKED if figures.status is Status.QUALIFIED else Verdict.MISSED
