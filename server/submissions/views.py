"""What the submission's page shows beside the service's view."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from minjoule.bundle import read_zip
from minjoule.tracks import TrackRules
from server.blobs import Blobs
from server.hosts import service as hosts
from server.participants import teams
from server.runs import service as runs
from server.runs.service import Progress
from server.submissions import repository, service
from server.submissions.service import SubmissionBrief
from server.tracks import service as tracks
from server.tracks.service import BoardView


@dataclass(frozen=True, slots=True)
class FileView:
    """A source file."""

    path: str
    text: str


def files_for(session: Session, blobs: Blobs, digest: str, viewer_id: int | None) -> list[FileView] | None:
    """The source: public by the track's rule, and always its owner's or its team's; None for who may not see it yet."""
    row = repository.by_digest(session, digest)
    if row is None:
        return None
    own = viewer_id is not None and teams.acts_for(session, viewer_id, row.participant_id)
    if not own and row.source_public_at is None:
        return None
    return [FileView(path, content.decode()) for path, content in read_zip(blobs.get(row.bundle_sha256)).files.items()]


@dataclass(frozen=True, slots=True)
class OwnSubmission:
    """A submission in its owner's list, and how far its runs are."""

    brief: SubmissionBrief
    progress: Progress


def own_submissions(session: Session, person_id: int) -> list[OwnSubmission]:
    """Somebody's newest submissions, their team's among them."""
    briefs = service.recent(session, teams.names_of(session, person_id))
    progress = runs.progress_of(session, [each.id for each in briefs])
    return [OwnSubmission(each, progress[each.id]) for each in briefs]


def sent_by(session: Session, team_id: int) -> list[SubmissionBrief]:
    """A team's newest submissions."""
    return service.recent(session, [team_id])


@dataclass(frozen=True, slots=True)
class Door:
    """What somebody about to submit should know of a track: which boards judge it, and which of them have a live host just now."""

    rules: TrackRules
    boards: list[BoardView]
    live: frozenset[str]

    @property
    def open(self) -> bool:
        """Some host class serves it: submissions are taken, even if they wait."""
        return bool(self.boards)


def doors(session: Session, now: dt.datetime) -> list[Door]:
    """Every track."""
    live = frozenset(host.host_class for host in hosts.list_hosts(session) if host.alive(now))
    return [Door(rules, tracks.list_boards(session, rules.slug), live) for rules in tracks.list_tracks(session)]
