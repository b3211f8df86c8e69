"""A track's seasons: when a submission is admitted, and which changes of the rules alter scores. Pure; instants are given."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from minjoule.tracks import TrackRules
from server.domain.errors import Closed, Conflict, Inadmissible

SCORING = ("problem", "unit", "target_loss", "sigma", "runs", "image", "prelude", "caps", "dataset")
"""Fields of the rules that make a run or its score another one."""


@dataclass(frozen=True, slots=True)
class Season:
    """It takes submissions from ``opens_at`` until just before ``closes_at``; ``closed_at`` is when an organizer ended it."""

    number: int
    opens_at: dt.datetime
    closes_at: dt.datetime
    closed_at: dt.datetime | None = None


def check_admitted(slug: str, seasons: Sequence[Season], at: dt.datetime) -> None:
    """Whether a track takes a submission at that instant; without seasons it always does. Raises Closed, Conflict."""
    if not seasons or any(each.opens_at <= at < each.closes_at and each.closed_at is None for each in seasons):
        return
    coming = min((each.opens_at for each in seasons if each.opens_at > at), default=None)
    hint = f"the next season opens {coming:%Y-%m-%d %H:%M} UTC" if coming else "no other season is announced yet"
    past = max((each for each in seasons if each.opens_at <= at), key=lambda each: each.number, default=None)
    if past is None:
        raise Conflict(f"track {slug} isn't open yet", hint)
    ended = min(past.closes_at, past.closed_at or past.closes_at)
    raise Closed(
        f"season {past.number} of track {slug} took submissions until {ended:%Y-%m-%d %H:%M} UTC, now it's {at:%Y-%m-%d %H:%M}", hint
    )


def check_new(seasons: Sequence[Season], opens_at: dt.datetime, closes_at: dt.datetime, now: dt.datetime) -> None:
    """Whether such a season may be opened. Raises Inadmissible, Conflict."""
    if closes_at <= now:
        raise Inadmissible(f"the deadline {closes_at:%Y-%m-%d %H:%M} UTC is in the past: now it's {now:%Y-%m-%d %H:%M}", "give a later one")
    if closes_at <= opens_at:
        raise Inadmissible(f"the season would close at {closes_at:%Y-%m-%d %H:%M} UTC, before it opens", "give a later deadline")
    for each in seasons:
        if each.closed_at is None or opens_at < each.closes_at:
            raise Conflict(
                f"season {each.number} isn't over before {opens_at:%Y-%m-%d %H:%M} UTC", "close it first, or open the next one later"
            )


def check_close(slug: str, season: Season | None, now: dt.datetime) -> int:
    """The number of a season that may be closed. Raises Conflict, Closed."""
    if season is None:
        raise Conflict(f"track {slug} has no season", "`minjoule-admin track season` opens one")
    if season.closed_at is not None:
        raise Closed(f"season {season.number} of track {slug} was closed {season.closed_at:%Y-%m-%d %H:%M} UTC", "open the next one")
    if now < season.closes_at:
        raise Conflict(
            f"season {season.number} of track {slug} takes submissions until {season.closes_at:%Y-%m-%d %H:%M} UTC", "close it then"
        )
    return season.number


def alters_scores(old: TrackRules, new: TrackRules) -> list[str]:
    """The scoring fields in which two versions differ."""
    return [name for name in SCORING if getattr(old, name) != getattr(new, name)]


def check_change(old: TrackRules, new: TrackRules, seasons: Sequence[Season]) -> list[str]:
    """What the change alters. Raises Inadmissible (the version must rise), Conflict (a closed season would change)."""
    altered = alters_scores(old, new)
    if old != new and new.rules_version <= old.rules_version:
        said = f"rules_version is {new.rules_version}, the version in force is {old.rules_version}"
        raise Inadmissible(said, f"a changed file needs version {old.rules_version + 1} or later")
    last = max(seasons, key=lambda each: each.number, default=None)
    if altered and last is not None and last.closed_at is not None:
        said = f"season {last.number} is closed, and a change of {', '.join(altered)} would change its scores"
        raise Conflict(said, "open the next season first: its entries are run by the new rules")
    return altered
