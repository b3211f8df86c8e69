"""Tracks and which boards they have."""

import datetime as dt
import tomllib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from minjoule.tracks import TrackError, TrackRules, parse_track, track_from
from server.db.rows import BoardRow, HostClassRow, RulesRow, SeasonRow, TrackRow
from server.domain.errors import Inadmissible, NotFound
from server.domain.seasons import Season, check_admitted
from server.tracks import repository


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board of a track: its host class, and what its joules cover. ``stale``: it's about to be ranked anew."""

    id: int
    track: str
    host_class: str
    title: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    ranked_at: dt.datetime | None
    stale: bool = False


def rules_of(row: TrackRow) -> TrackRules:
    """The stored rules as a value."""
    return track_from(row.rules)


def read_rules(toml_text: str) -> TrackRules:
    """A track's file as a value. Raises Inadmissible."""
    try:
        return parse_track(toml_text)
    except TrackError as error:
        raise Inadmissible(f"the track's file is wrong: {error}", "mend the file") from None


def apply_track(session: Session, toml_text: str, now: dt.datetime, reason: str = "", *, reruns: bool = False) -> TrackRules:
    """Create or update a track from its file, and keep the version. Raises Inadmissible."""
    rules = read_rules(toml_text)
    row = session.get(TrackRow, rules.slug)
    if row is None:
        row = TrackRow(slug=rules.slug, created_at=now)
        session.add(row)
    row.title, row.problem, row.target_loss, row.runs = rules.title, rules.problem, rules.target_loss, rules.runs
    row.rules_version, row.rules = rules.rules_version, tomllib.loads(toml_text)
    session.flush()
    keep_version(session, rules, RulesRow(toml=toml_text, reason=reason or "applied", reruns=reruns, applied_at=now))
    for host_class in session.scalars(select(HostClassRow)):
        ensure_boards(session, host_class)
    return rules


def keep_version(session: Session, rules: TrackRules, row: RulesRow) -> None:
    """The file as applied; the same file again changes nothing."""
    known = session.get(RulesRow, (rules.slug, rules.rules_version))
    if known is None:
        row.track_slug, row.version = rules.slug, rules.rules_version
        session.add(row)
    elif known.toml != row.toml:
        known.toml, known.reason, known.reruns, known.applied_at = row.toml, row.reason, row.reruns, row.applied_at
    session.flush()


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """A version in a track's history."""

    version: int
    reason: str
    reruns: bool
    applied_at: dt.datetime


def versions(session: Session, slug: str) -> list[RulesVersion]:
    """A track's, the newest first."""
    return [RulesVersion(row.version, row.reason, row.reruns, row.applied_at) for row in repository.versions_of(session, slug)]


def find_rules(session: Session, slug: str, version: int | None) -> TrackRules:
    """A track's rules, as of a version if one is asked for. Raises NotFound."""
    rules = find_track(session, slug)
    if version is None or version == rules.rules_version:
        return rules
    row = session.get(RulesRow, (slug, version))
    if row is None:
        known = ", ".join(str(each.version) for each in versions(session, slug)) or "none"
        raise NotFound(f"track {slug} has no version {version} of its rules", f"its versions are: {known}")
    return read_rules(row.toml)


def seasons(session: Session, slug: str) -> list[Season]:
    """A track's seasons, the oldest first."""
    return [Season(row.number, row.opens_at, row.closes_at, row.closed_at) for row in repository.seasons_of(session, slug)]


def hold(session: Session, slug: str) -> None:
    """One submission of a track at a time until the transaction ends: two of a kind at once share their lineage, and its quota.

    On SQLite a writer is alone anyway.
    """
    session.execute(select(TrackRow.slug).where(TrackRow.slug == slug).with_for_update(key_share=True))


def check_open(session: Session, slug: str, now: dt.datetime) -> None:
    """Whether the track takes a submission now. Raises Closed, Conflict."""
    check_admitted(slug, seasons(session, slug), now)


def add_season(session: Session, slug: str, number: int, opens_at: dt.datetime, closes_at: dt.datetime) -> None:
    """A new one."""
    session.add(SeasonRow(track_slug=slug, number=number, opens_at=opens_at, closes_at=closes_at))
    session.flush()


def close_season(session: Session, slug: str, now: dt.datetime) -> None:
    """The last one is over."""
    repository.seasons_of(session, slug)[-1].closed_at = now


def ensure_boards(session: Session, host_class: HostClassRow) -> None:
    """A board for every track whose boundaries include the class's."""
    have = set(session.scalars(select(BoardRow.track_slug).where(BoardRow.host_class == host_class.name)))
    for row in repository.all_tracks(session):
        if row.slug not in have and host_class.boundary in rules_of(row).boundaries:
            session.add(BoardRow(track_slug=row.slug, host_class=host_class.name))
    session.flush()


def find_track(session: Session, slug: str) -> TrackRules:
    """A track's rules. Raises NotFound."""
    row = session.get(TrackRow, slug)
    if row is None:
        known = ", ".join(each.slug for each in repository.all_tracks(session)) or "none yet"
        raise NotFound(f"there is no track {slug[:60]!r}", f"the tracks are: {known}")
    return rules_of(row)


def list_tracks(session: Session) -> list[TrackRules]:
    """Every track."""
    return [rules_of(row) for row in repository.all_tracks(session)]


def list_boards(session: Session, slug: str) -> list[BoardView]:
    """A track's boards."""
    return [view_of(board, host_class) for board, host_class in repository.boards_of(session, slug)]


def every_board(session: Session) -> list[BoardView]:
    """Of every track."""
    return [board for row in repository.all_tracks(session) for board in list_boards(session, row.slug)]


def find_board(session: Session, slug: str, host_class: str) -> BoardView:
    """One board. Raises NotFound."""
    boards = list_boards(session, slug)
    for board in boards:
        if board.host_class == host_class:
            return board
    find_track(session, slug)
    known = ", ".join(board.host_class for board in boards) or "none: no host has been enrolled for it yet"
    raise NotFound(f"track {slug} has no board for host class {host_class[:60]!r}", f"its boards are: {known}")


def view_of(board: BoardRow, host_class: HostClassRow) -> BoardView:
    """As a value."""
    return BoardView(
        id=board.id,
        track=board.track_slug,
        host_class=host_class.name,
        title=host_class.title,
        boundary=host_class.boundary,
        modelled=host_class.modelled,
        unsandboxed=host_class.unsandboxed,
        ranked_at=board.ranked_at,
        stale=board.stale,
    )
