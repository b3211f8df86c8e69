"""What a board shows of an entry: values made of rows, for the board as it is and for its versions."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from server.boards import beside, repository
from server.boards.beside import Flag, MeterColumn, MeterMean, RunFigures
from server.boards.doubt import Bill, of_mean
from server.tracks.service import BoardView


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as the board shows it. Joules: geometric mean over its runs; the split is the arithmetic mean's, as are ``meters``.

    ``expanded_j`` and ``on_host_j`` are the mean's U (k=2), absolute and on this host alone; None where there's none to give.
    ``wall_s``: mean length of a run's windows. ``meters`` are never ranked. ``reason`` is why it's disputed, disqualified or withdrawn.
    """

    rank: int | None
    status: str
    submission: str
    name: str
    participant: str
    license: str
    energy_j: float | None
    loss: float | None
    train_j: float | None
    score_j: float | None
    expanded_j: float | None
    on_host_j: float | None
    runs_done: int
    runs_wanted: int
    created_at: dt.datetime
    wall_s: float | None = None
    meters: list[MeterMean] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    reason: str | None = None

    def meter(self, column: MeterColumn) -> MeterMean | None:
        """What stands in a column; None where no run of it has a reading."""
        return next((each for each in self.meters if (each.meter, each.billed) == (column.meter, column.billed)), None)


def standings_of(session: Session, board: BoardView, rows: Sequence[Any], *, whole: bool = False) -> list[Standing]:
    """As values, with what their runs say. ``whole``: ``rows`` are the whole board's."""
    wanted = None if whole else [row.id for row in rows]
    runs, bills = repository.counting_figures(session, board.id, wanted)
    return [standing_of(row, runs.get(row.id, []), [] if board.modelled else bills.get(row.id, [])) for row in rows]


def standing_of(row: Any, runs: list[RunFigures], bills: list[Bill]) -> Standing:
    """As a value; ``bills`` are those of its measured runs."""
    return Standing(
        rank=row.rank,
        status=row.status,
        submission=row.digest,
        name=row.name,
        participant=row.participant,
        license=row.license,
        energy_j=energy_of(row),
        loss=row.mean_loss,
        train_j=row.train_uj / 1e6 if row.train_uj is not None else None,
        score_j=row.score_uj / 1e6 if row.score_uj is not None else None,
        **doubts_of(bills, row.mean_log_j),
        runs_done=row.runs_done,
        runs_wanted=row.runs_wanted,
        created_at=row.created_at,
        wall_s=beside.wall_s(runs),
        meters=beside.means(runs),
        flags=beside.flags(runs, flagged(row)),
        reason=row.status_reason,
    )


def energy_of(row: Any) -> float | None:
    """The geometric mean of its runs' joules."""
    return None if row.mean_log_j is None else math.exp(row.mean_log_j)


def flagged(row: Any) -> str | None:
    """What organizers were asked to look at, unless it's what the status says already."""
    said: str | None = row.flag_reason
    return None if said == row.status_reason else said


def doubts_of(bills: list[Bill], mean_log_j: float | None) -> dict[str, float | None]:
    """U of an entry's joules, absolute and on its host."""
    known = of_mean(bills)
    if known is None or mean_log_j is None:
        return {"expanded_j": None, "on_host_j": None}
    energy_j = math.exp(mean_log_j)
    absolute_j = None if known.absolute is None else known.absolute * energy_j
    return {"expanded_j": absolute_j, "on_host_j": known.on_host * energy_j}
