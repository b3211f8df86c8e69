"""A season on a board as anybody may see it: where it stands, and its final standings."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.db.rows import FinalRow, FinalVersionRow, SeasonRow
from server.domain.errors import NotFound
from server.finals import repository, service
from server.tracks import service as tracks


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the standings."""

    number: int
    at: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SeasonView:
    """A season on a board.

    ``state``: coming, open, ended (past its last submission, not closed), running (its final runs), decided, or unranked (closed before
    finals were ranked). ``standings`` are a version's, the last unless one was asked for; ``sha256`` is of their canonical JSON.
    """

    track: str
    title: str
    unit: str
    season: int
    opens_at: dt.datetime
    closes_at: dt.datetime
    closed_at: dt.datetime | None
    host_class: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    state: str
    target_loss: float
    runs_done: int
    runs_wanted: int
    deadline_at: dt.datetime | None
    version: int | None
    decided_at: dt.datetime | None
    reason: str | None
    sha256: str | None
    versions: list[VersionView]
    standings: list[dict[str, Any]]


def read_season(session: Session, slug: str, number: int, host_class: str, version: int | None, now: dt.datetime) -> SeasonView:
    """Raises NotFound."""
    season, rules = find_season(session, slug, number), tracks.find_track(session, slug)
    board = tracks.find_board(session, slug, host_class)
    final = repository.final_of(session, season.id, board.id)
    rows = repository.versions(session, final.id) if final else []
    chosen = choose(rows, version)
    slots = service.slots_of(session, final) if final else []
    return SeasonView(
        track=slug,
        title=rules.title,
        unit=rules.unit,
        season=number,
        opens_at=season.opens_at,
        closes_at=season.closes_at,
        closed_at=season.closed_at,
        host_class=board.host_class,
        boundary=board.boundary,
        modelled=board.modelled,
        unsandboxed=board.unsandboxed,
        state=state_of(season, final, rows, now),
        target_loss=final.target_loss if final else rules.target_loss,
        runs_done=sum(slot.done for slot in slots),
        runs_wanted=len(slots),
        deadline_at=final.deadline_at if final else None,
        version=chosen.number if chosen else None,
        decided_at=chosen.at if chosen else None,
        reason=chosen.reason if chosen else None,
        sha256=chosen.sha256 if chosen else None,
        versions=[VersionView(row.number, row.at, row.reason) for row in rows],
        standings=chosen.standings if chosen else [],
    )


def find_season(session: Session, slug: str, number: int) -> SeasonRow:
    """Raises NotFound."""
    tracks.find_track(session, slug)
    season = repository.season(session, slug, number)
    if season is None:
        known = ", ".join(str(each.number) for each in tracks.seasons(session, slug)) or "none yet"
        raise NotFound(f"track {slug} has no season {number}", f"its seasons are: {known}")
    return season


def choose(rows: list[FinalVersionRow], version: int | None) -> FinalVersionRow | None:
    """The version asked for, or the last. Raises NotFound."""
    if version is None:
        return rows[-1] if rows else None
    found = next((row for row in rows if row.number == version), None)
    if found is None:
        known = ", ".join(str(row.number) for row in rows) or "none yet"
        raise NotFound(f"these final standings have no version {version}", f"their versions are: {known}")
    return found


def state_of(season: SeasonRow, final: FinalRow | None, rows: list[FinalVersionRow], now: dt.datetime) -> str:
    """See SeasonView."""
    if season.closed_at is None:
        return "coming" if now < season.opens_at else "open" if now < season.closes_at else "ended"
    if final is None:
        return "unranked"
    return "decided" if rows else "running"
