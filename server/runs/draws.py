"""Runs on one draw: what names their instance, which of them counts, and what they came to beside each other."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.db.rows import RunRow
from server.domain.keys import instance_key
from server.domain.run import COUNTING, RunState
from server.runs import repository


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run's result beside those of its repeats. ``counts``: it makes its entry's figures."""

    id: str
    state: str
    outcome: str | None
    loss: float | None
    energy_j: float | None
    train_j: float | None
    score_j: float | None
    counts: bool


def joules(energy_uj: int | None) -> float | None:
    """Microjoules as joules."""
    return None if energy_uj is None else energy_uj / 1e6


def key_of(session: Session, secret: bytes, digest: str, run: RunRow) -> bytes:
    """What draws a run's instance: a repeat has that of the run it repeats."""
    drawn = session.get_one(RunRow, run.repeats_id) if run.repeats_id else run
    return instance_key(secret, digest, drawn.host_class, drawn.index, drawn.purpose)


def figures_of(run: RunRow) -> RunFigures:
    """As a value."""
    return RunFigures(
        id=run.id,
        state=run.state,
        outcome=run.outcome,
        loss=run.loss,
        energy_j=joules(run.energy_uj),
        train_j=joules(run.train_uj),
        score_j=joules(run.score_uj),
        counts=counts(run),
    )


def counts(run: RunRow) -> bool:
    """Whether it makes its entry's figures."""
    return run.purpose in COUNTING and run.state == RunState.DONE and not run.superseded


def standing_of(session: Session, run: RunRow) -> dict[str, Any]:
    """What speaks for and against a run, as fields of its view."""
    same = repository.same_draw(session, run)
    return {
        "flag": run.flag,
        "counts": counts(run),
        "repeats": run.repeats_id,
        "disputed_by": run.disputed_by_id,
        "same_draw": [figures_of(each) for each in same] if len(same) > 1 else [],
    }
