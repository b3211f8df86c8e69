"""Rules in versions and seasons: a change that alters scores runs live entries anew; a season ends with fresh runs of its first ten."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from minjoule.tracks import TrackRules
from server import audit
from server.boards import service as boards
from server.db.rows import DecisionRow
from server.domain.errors import Conflict, NotFound
from server.domain.participant import Participant
from server.domain.reviews import checked_reason
from server.domain.seasons import check_change, check_close, check_new
from server.finals import service as finals
from server.organizers import repository
from server.queue import Hints
from server.runs import remedies
from server.tracks import service as tracks


@dataclass(frozen=True, slots=True)
class Change:
    """What a new version of the rules brought: the scoring fields altered, and how many entries run anew."""

    rules: TrackRules
    altered: list[str]
    entries: int


def actor(who: Participant | None) -> str:
    """In the audit log; None is the console."""
    return f"participant {who.id}" if who else "console"


def change_rules(session: Session, hints: Hints, who: Participant | None, toml_text: str, reason: str, now: dt.datetime) -> Change:
    """Create a track, or change its rules. Raises Inadmissible, Conflict; then nothing is changed."""
    new = tracks.read_rules(toml_text)
    try:
        old = tracks.find_track(session, new.slug)
    except NotFound:
        old = None
    altered = check_change(old, new, tracks.seasons(session, new.slug)) if old else []
    if altered and (final := finals.under_way(session, new.slug)):
        said = f"final runs of a closed season are in progress, {final[0]} of {final[1]}: a change of {', '.join(altered)} would alter them"
        raise Conflict(said, "apply it once the season's page shows the final standings")
    said = checked_reason(reason) if altered else reason
    tracks.apply_track(session, toml_text, now, said, reruns=bool(altered))
    live = repository.live_entries(session, new.slug) if altered else []
    remedies.hold(session, live)
    for entry_id in live:
        remedies.run_anew(session, hints, entry_id, new.runs, now)
    session.add(DecisionRow(participant_id=who.id if who else None, act="rules", track_slug=new.slug, reason=said or "applied", at=now))
    audit.record(session, actor(who), "track_applied", new.slug, f"rules version {new.rules_version}: {said}", now=now)
    return Change(new, altered, len(live))


def open_season(
    session: Session, who: Participant | None, slug: str, opens_at: dt.datetime, closes_at: dt.datetime, now: dt.datetime
) -> int:
    """The track's next season; returns its number. Raises NotFound, Inadmissible, Conflict."""
    tracks.find_track(session, slug)
    before = tracks.seasons(session, slug)
    check_new(before, opens_at, closes_at, now)
    number = max((each.number for each in before), default=0) + 1
    tracks.add_season(session, slug, number, opens_at, closes_at)
    for board in tracks.list_boards(session, slug):
        boards.ask_for_ranking(session, board.id)  # its page links to the season
    audit.record(session, actor(who), "season_opened", slug, f"season {number} until {closes_at.isoformat()}", now=now)
    return number


def close_season(session: Session, hints: Hints, who: Participant | None, slug: str, now: dt.datetime) -> list[str]:
    """End the last season; returns the ids of the fresh runs of each board's first ten. Raises NotFound, Conflict, Closed."""
    rules, season = tracks.find_track(session, slug), max(tracks.seasons(session, slug), key=lambda each: each.number, default=None)
    number = check_close(slug, season, now)
    if waiting := repository.undecided_entries(session, slug):
        said = f"{waiting} entries that were sent in time have runs under way, or an appeal that nobody has decided"
        raise Conflict(said, "close the season once they have ended, or it would be ranked without them")
    in_order = sorted(tracks.list_boards(session, slug), key=lambda each: each.id)
    fresh = [run for board in in_order for run in finals.open_final(session, hints, number, board, rules, now)]
    tracks.close_season(session, slug, now)
    if rules.source_public == "season_end":
        repository.open_sources(session, slug, now)
    audit.record(session, actor(who), "season_closed", slug, f"{len(fresh)} fresh runs", now=now)
    return fresh
