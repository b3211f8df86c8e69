"""Versions of a board's ranking: numbered, never changed, kept whenever who, rank, state, joules or loss of an entry changed.

A version is one canonical JSON object (RFC 8785). Its sha256 is shown, and each names the digest of the one before: whoever has
noted one digest can tell whether anything up to there was changed afterwards.
"""

import datetime as dt
import json
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy.orm import Session

from minjoule.record import canonical, sha256
from server.boards import beside, packing, repository
from server.boards.beside import Flag, FlaggedRun, MeterColumn, MeterMean
from server.boards.standing import Standing, energy_of, standings_of
from server.db.rows import BoardRow, RankingVersionRow
from server.domain.errors import NotFound
from server.domain.scoring import Status
from server.logs import get_logger
from server.tracks.service import BoardView, find_board, find_track

log = get_logger()
SCHEMA = "minjoule-ranking/1"
WHOLE_EVERY, WORTH = 100, 0.5
"""A version is stored whole at least so often, and whenever what differs takes more than that part of the whole."""
TAKEN_OUT = {Status.DISPUTED, Status.DISQUALIFIED, Status.WITHDRAWN}
NAMES = tuple(each.name for each in fields(Standing))
Place = tuple[str, int | None, str, float | None, float | None]
"""What makes a ranking another one: submission, rank, status, joules, loss."""


@dataclass(frozen=True, slots=True)
class VersionName:
    """A version without its entries. ``sha256`` is that of its JSON, byte for byte."""

    number: int
    at: dt.datetime
    sha256: str
    ranked: int
    unranked: int


@dataclass(frozen=True, slots=True)
class Since:
    """What became of an entry after the version: its status now, and why."""

    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version as a page shows it: the head, and entries from ``offset`` on. ``content`` is the whole, as its digest was made of."""

    name: VersionName
    newest: int
    track: str
    title: str
    unit: str
    target_loss: float
    runs: int
    rules_version: int
    host_class: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    previous_sha256: str | None
    offset: int
    limit: int
    meters: list[MeterColumn]
    entries: list[Standing]
    content: bytes


def keep(session: Session, board_id: int, now: dt.datetime) -> int | None:
    """A new version, if the ranking isn't the newest one's; its number.

    Whoever calls holds the board's row, as ``repository.take_stale`` leaves it: so numbers follow each other, and none is lost.
    """
    rows = repository.standings(session, board_id, ranked=True) + repository.standings(session, board_id, ranked=False)
    last = repository.version(session, board_id)
    if last and places_in(intact(session, last) or {"entries": []}) == [place_of(row) for row in rows]:
        return None
    if not last and not rows:
        return None
    stored = session.get_one(BoardRow, board_id)
    board = find_board(session, stored.track_slug, stored.host_class)
    number = last.number + 1 if last else 1
    head = head_of(session, board, number, now) | {"previous_sha256": last.sha256 if last else None}
    document = head | {"entries": [plain(each) for each in standings_of(session, board, rows, whole=True)]}
    ranked = sum(row.rank is not None for row in rows)
    counts = {"ranked": ranked, "unranked": len(rows) - ranked}
    row = RankingVersionRow(board_id=board_id, number=number, at=now, sha256=sha256(canonical(document)), **counts)
    row.base_number, row.content = packed(session, last, number, document)
    session.add(row)
    session.flush()
    log.info("ranking_kept", track=board.track, host_class=board.host_class, number=number, **counts)
    return number


def packed(session: Session, last: RankingVersionRow | None, number: int, document: dict[str, Any]) -> tuple[int | None, bytes]:
    """How it's stored: against the last whole version, unless that is long ago or saves little; the number of that, and the bytes."""
    base = last.base_number or last.number if last else None
    earlier = repository.version(session, last.board_id, base) if last and base and number - base < WHOLE_EVERY else None
    known = intact(session, earlier) if earlier else None
    whole = packing.pack(document)
    if known is not None:
        difference = packing.pack(document, known["entries"])
        if len(difference) < WORTH * len(whole):
            return base, difference
    return None, whole


class DamagedVersionError(Exception):
    """A stored version isn't what its digest was made of: a broken disk, or a hand in the database. Ours, and never shown as it is."""


def intact(session: Session, row: RankingVersionRow) -> dict[str, Any] | None:
    """What was stored; None, and an alarm, if it can't be unpacked: a ranking goes on, and keeps its next version whole."""
    try:
        return unpacked(session, row)
    except DamagedVersionError as error:
        log.error("ranking_version_damaged", board=row.board_id, number=row.number, reason=str(error), remedy="restore it from a backup")
        return None


def document_of(session: Session, row: RankingVersionRow) -> dict[str, Any]:
    """What was stored, for readers. Raises DamagedVersionError where it can't be had, or isn't what the digest says."""
    document = unpacked(session, row)
    if sha256(canonical(document)) != row.sha256:
        raise DamagedVersionError(f"version {row.number} of board {row.board_id} has another digest than was stored with it")
    return document


def unpacked(session: Session, row: RankingVersionRow) -> dict[str, Any]:
    """What was stored. Raises DamagedVersionError."""
    base = repository.version(session, row.board_id, row.base_number) if row.base_number else None
    try:
        return packing.unpack(row.content, packing.unpack(base.content)["entries"] if base else ())
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DamagedVersionError(f"version {row.number} of board {row.board_id} can't be unpacked: {error}") from None


def head_of(session: Session, board: BoardView, number: int, at: dt.datetime) -> dict[str, Any]:
    """What the version says of its board."""
    rules = find_track(session, board.track)
    return {
        "schema": SCHEMA,
        "track": board.track,
        "title": rules.title,
        "unit": rules.unit,
        "target_loss": rules.target_loss,
        "runs": rules.runs,
        "rules_version": rules.rules_version,
        "host_class": board.host_class,
        "boundary": board.boundary,
        "modelled": board.modelled,
        "unsandboxed": board.unsandboxed,
        "number": number,
        "at": instant(at),
    }


def instant(at: dt.datetime) -> str:
    """UTC, in whole microseconds."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(standing: Standing) -> dict[str, Any]:
    """As JSON holds it. By hand, for ``asdict`` of the whole takes longer than all else of a version."""
    several = {"meters": [asdict(each) for each in standing.meters], "flags": [asdict(each) for each in standing.flags]}
    return {name: getattr(standing, name) for name in NAMES} | several | {"created_at": instant(standing.created_at)}


def standing_from(row: dict[str, Any]) -> Standing:
    """An entry of a stored version."""
    flags = [Flag(each["reason"], [FlaggedRun(**run) for run in each["runs"]]) for each in row["flags"]]
    meters = [MeterMean(**each) for each in row["meters"]]
    return Standing(**{**row, "created_at": dt.datetime.fromisoformat(row["created_at"]), "flags": flags, "meters": meters})


def place_of(row: Any) -> Place:
    """Of an entry as it stands now."""
    return row.digest, row.rank, row.status, energy_of(row), row.mean_loss


def places_in(document: dict[str, Any]) -> list[Place]:
    """Of a stored version."""
    return [(row["submission"], row["rank"], row["status"], row["energy_j"], row["loss"]) for row in document["entries"]]


def latest(session: Session, board_id: int) -> VersionName | None:
    """The newest."""
    return next(iter(listed(session, board_id, 1, 0)), None)


def listed(session: Session, board_id: int, limit: int, offset: int) -> list[VersionName]:
    """From the newest down."""
    return [name_of(row) for row in repository.version_rows(session, board_id, limit, offset)]


def name_of(row: RankingVersionRow) -> VersionName:
    """As a value."""
    return VersionName(row.number, row.at, row.sha256, row.ranked, row.unranked)


def read(session: Session, slug: str, host_class: str, number: int, limit: int | None = None, offset: int = 0) -> Version:
    """One, from ``offset`` on. Raises NotFound."""
    board = find_board(session, slug, host_class)
    row = repository.version(session, board.id, number)
    newest = latest(session, board.id)
    if row is None or newest is None:
        known = f"its versions are 1 to {newest.number}" if newest else "it has none yet: nobody has entered"
        raise NotFound(f"board {slug} on {host_class} has no version {number}", known)
    document = document_of(session, row)
    content = canonical(document)
    shown = document.pop("entries")[offset : None if limit is None else offset + limit]
    entries = [standing_from(each) for each in shown]
    for said in ("schema", "number", "at"):
        del document[said]
    return Version(
        name=name_of(row),
        newest=newest.number,
        **document,
        offset=offset,
        limit=limit or len(entries),
        meters=beside.columns(each.meters for each in entries),
        entries=entries,
        content=content,
    )


def since(session: Session, version: Version) -> dict[str, Since]:
    """By submission: entries shown that were taken out after the version, or put back."""
    board = find_board(session, version.track, version.host_class)
    then = {each.submission: each.status for each in version.entries}
    now = repository.statuses(session, board.id, list(then))
    changed = {digest: said for digest, said in now.items() if said[0] != then[digest]}
    return {digest: Since(*said) for digest, said in changed.items() if TAKEN_OUT & {said[0], then[digest]}}


def cut(content: bytes, limit: int, offset: int) -> bytes:
    """A page of a version, in the same form. Its digest isn't the version's."""
    document = json.loads(content)
    return canonical(document | {"entries": document["entries"][offset : offset + limit], "limit": limit, "offset": offset})
