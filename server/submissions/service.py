"""Submissions: admitted whole or not at all."""

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from minjoule import entrypoints
from minjoule.bundle import Bundle, BundleError, read_zip
from minjoule.manifest import ManifestError
from minjoule.tracks import TrackRules
from server import audit, clock
from server.blobs import Blobs
from server.boards import service as boards
from server.db.rows import SubmissionRow
from server.db.session import after_commit
from server.domain.errors import Conflict, Inadmissible, NotFound
from server.domain.lineage import KIN, likeness, marks_of
from server.domain.participant import Participant
from server.domain.quota import Limits
from server.participants import teams
from server.participants.service import actor_of
from server.queue import Hints
from server.runs import quota
from server.runs import service as runs
from server.runs.draws import joules
from server.runs.quota import Payer
from server.runs.service import RunOrder
from server.submissions import repository
from server.tracks import service as tracks

PREFIX = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class RunBrief:
    """A run in a list. Joules and loss are None until it's done."""

    id: str
    host_class: str
    index: int
    purpose: str
    state: str
    outcome: str | None
    loss: float | None
    energy_j: float | None
    boundary: str
    modelled: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class EntryBrief:
    """A submission on one board. ``energy_j`` is the geometric mean over its runs; the loss has its interval of 95 %.

    ``reason`` is public: why it's disputed, disqualified, withdrawn, held or flagged.
    """

    host_class: str
    status: str
    rank: int | None
    runs_done: int
    runs_wanted: int
    energy_j: float | None
    loss: float | None
    boundary: str
    modelled: bool
    loss_low: float | None
    loss_high: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """A submission with its entries and runs. ``id`` is the bundle's digest.

    ``team`` is its participant's id where that is a team, and ``sent_by`` the member who sent it.
    ``also_by`` names who sent the same bundle later; ``lineage_size`` counts the near-identical submissions of its track, itself included.
    """

    id: str
    name: str
    track: str
    participant: str
    team: int | None
    sent_by: str | None
    license: str
    description: str
    entrypoint: str
    parent: str | None
    parent_here: bool
    bundle_bytes: int
    also_by: list[str]
    lineage: int | None
    lineage_size: int
    created_at: dt.datetime
    entries: list[EntryBrief]
    runs: list[RunBrief]


@dataclass(frozen=True, slots=True)
class SubmissionBrief:
    """A submission in a list."""

    id: str
    name: str
    track: str
    participant: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a bundle, and the team in whose name, if any: then the submission is the team's."""

    person_id: int
    team_id: int | None = None

    @property
    def owner_id(self) -> int:
        """The submission's participant."""
        return self.team_id or self.person_id


@dataclass(frozen=True, slots=True)
class Desk:
    """What admitting a bundle needs beside the session."""

    blobs: Blobs
    hints: Hints
    limits: Limits
    lineage_runs: int


def read_bundle(data: bytes) -> Bundle:
    """The bundle in an uploaded zip. Raises Inadmissible."""
    try:
        return read_zip(data)
    except (BundleError, ManifestError) as error:
        raise Inadmissible(str(error), "mend it and submit again; nothing was stored") from None


def take(state: Any, sender: Participant, data: bytes, team_name: str = "") -> tuple[SubmissionView, bool]:
    """An uploaded zip in one transaction; ``state`` is the app's. Raises what ``read_bundle`` and ``admit`` raise, and Forbidden."""
    bundle = read_bundle(data)
    desk = Desk(state.blobs, state.hints, state.settings.limits, state.settings.lineage_runs_per_day)
    with state.database.session() as session:
        team = teams.in_name_of(session, sender, team_name)
        return admit(session, desk, Sender(sender.id, team.id if team else None), bundle, clock.now())


def admit(session: Session, desk: Desk, sender: Sender, bundle: Bundle, now: dt.datetime) -> tuple[SubmissionView, bool]:
    """Store a bundle and queue its runs; a known digest is returned as it stands. Says whether it's new.

    Raises Inadmissible, Conflict, Closed, QuotaExceeded; then nothing is stored.
    """
    tracks.hold(session, bundle.manifest.track)
    known = repository.by_digest(session, bundle.digest)
    if known:
        repository.note_submitter(session, known, sender.owner_id, now)
        return view_of(session, known), False
    rules, row_boards = check_track(session, bundle)
    tracks.check_open(session, rules.slug, now)
    marks = marks_of(bundle.files)
    lineage_id = find_lineage(session, rules.slug, marks)
    payer = Payer(sender.person_id, sender.team_id, lineage_id)
    quota.check(session, payer, len(row_boards) * rules.runs, desk.limits, desk.lineage_runs, now)
    row = store(session, desk.blobs, sender, bundle, now)
    row.lineage_id = lineage_id or repository.new_lineage(session, rules.slug, marks, now)
    row.source_public_at = now if rules.source_public == "once" else None
    payer = replace(payer, lineage_id=row.lineage_id)
    for board in sorted(row_boards, key=lambda each: each.id):
        entry = boards.open_entry(session, board, row.id, rules.runs, now)
        opened = runs.open_runs(session, RunOrder(entry.id, row.id, sender.person_id, board.host_class, rules.runs), now)
        quota.charge(session, payer, opened, now)
        after_commit(session, lambda host_class=board.host_class: desk.hints.run_waits(host_class))  # type: ignore[misc]
    if sender.team_id is not None:
        audit.record(session, actor_of(sender.person_id), "team_submission_sent", teams.subject_of(sender.team_id), bundle.digest, now=now)
    return view_of(session, row), True


def find_lineage(session: Session, slug: str, marks: list[int]) -> int | None:
    """The track's lineage that this source is nearly identical with; None if it's a new one."""
    alike = [(likeness(marks, theirs), lineage_id) for lineage_id, theirs in repository.like_lineages(session, slug, marks)]
    best = max(alike, default=(0.0, 0))
    return best[1] if best[0] >= KIN else None


def check_track(session: Session, bundle: Bundle) -> tuple[TrackRules, list[tracks.BoardView]]:
    """The bundle's track and its boards. Raises Inadmissible, Conflict."""
    slug = bundle.manifest.track
    try:
        rules = tracks.find_track(session, slug)
    except NotFound as error:
        raise Inadmissible(f"entry.toml: {error.message}", error.hint) from None
    if refused := entrypoints.refusal(rules.image, bundle.manifest.entrypoint):
        raise Inadmissible(refused, "mend it and submit again; nothing was stored")
    if bundle.xz_bytes > rules.source_xz_bytes:
        raise Inadmissible(
            f"the source compresses to {bundle.xz_bytes} bytes by xz, at most {rules.source_xz_bytes} are allowed on track {slug}",
            "shorten it: what a model knows must come from the training data",
        )
    row_boards = tracks.list_boards(session, slug)
    if not row_boards:
        raise Conflict(f"no host serves track {slug} yet (it wants {' or '.join(rules.boundaries)})", "try again once one is enrolled")
    return rules, boards_for(bundle.manifest.entrypoint, slug, row_boards)


def boards_for(entrypoint: str, slug: str, row_boards: list[tracks.BoardView]) -> list[tracks.BoardView]:
    """Those of a track's boards that bill all that the entry does. Raises Inadmissible where none does."""
    fitting = [board for board in row_boards if entrypoints.competes(entrypoint, board.boundary)]
    if not fitting:
        raise Inadmissible(
            f"track {slug} is served on the boundary {entrypoints.UNPAID_JAVASCRIPT} alone, which counts WGSL: "
            f"JavaScript ({entrypoint}) would be free there",
            f"give WGSL with a static {entrypoints.SCHEDULE}, or wait for a host that measures",
        )
    return fitting


def store(session: Session, blobs: Blobs, sender: Sender, bundle: Bundle, now: dt.datetime) -> SubmissionRow:
    """Blob and row. The blob comes first: a row never names bytes that aren't there."""
    content, manifest = bundle.to_zip(), bundle.manifest
    row = SubmissionRow(
        digest=bundle.digest,
        participant_id=sender.owner_id,
        sent_by_id=sender.person_id if sender.team_id else None,
        track_slug=manifest.track,
        name=manifest.name,
        entrypoint=manifest.entrypoint,
        license=manifest.license,
        description=manifest.description,
        parent_digest=manifest.parent,
        bundle_sha256=blobs.put(content),
        bundle_bytes=len(content),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, digest: str) -> SubmissionView:
    """By digest, or by its first 8 digits or more. Raises NotFound, Conflict."""
    if not PREFIX.fullmatch(digest):
        raise NotFound(f"{digest[:70]!r} names no submission", "use its digest, or at least the first 8 digits of it")
    rows = repository.by_prefix(session, digest)
    if not rows:
        raise NotFound(f"there is no submission {digest}", "`minjoule runs` lists yours")
    if len(rows) > 1:
        raise Conflict(f"more than one submission begins with {digest}", "give more digits")
    return view_of(session, rows[0])


def builds_on(session: Session, digest: str) -> list[tuple[str, str]]:
    """The first submissions that name this one as their parent: digest and name."""
    return repository.built_on(session, digest, 20)


def recent(session: Session, participant_ids: list[int] | None, limit: int = 50) -> list[SubmissionBrief]:
    """The newest submissions of these participants, or of all."""
    rows = repository.newest(session, participant_ids, limit)
    return [SubmissionBrief(row.digest, row.name, row.track_slug, name, row.created_at) for row, name in rows]


def view_of(session: Session, row: SubmissionRow) -> SubmissionView:
    """A row with its entries and runs, each with what its joules cover."""
    covers = {board.host_class: (board.boundary, board.modelled) for board in tracks.list_boards(session, row.track_slug)}
    owner = repository.participant(session, row.participant_id)
    return SubmissionView(
        id=row.digest,
        name=row.name,
        track=row.track_slug,
        participant=owner.name,
        team=owner.id if owner.is_team else None,
        sent_by=repository.participant(session, row.sent_by_id).name if row.sent_by_id else None,
        license=row.license,
        description=row.description,
        entrypoint=row.entrypoint,
        parent=row.parent_digest,
        parent_here=bool(row.parent_digest and repository.by_digest(session, row.parent_digest)),
        bundle_bytes=row.bundle_bytes,
        also_by=repository.also_by(session, row.id),
        lineage=row.lineage_id,
        lineage_size=repository.lineage_size(session, row.lineage_id) if row.lineage_id else 1,
        created_at=row.created_at,
        entries=[
            EntryBrief(
                host_class=host_class,
                status=entry.status,
                rank=entry.rank,
                runs_done=entry.runs_done,
                runs_wanted=entry.runs_wanted,
                energy_j=math.exp(entry.mean_log_j) if entry.mean_log_j is not None else None,
                loss=entry.mean_loss,
                boundary=covers[host_class][0],
                modelled=covers[host_class][1],
                loss_low=entry.loss_low,
                loss_high=entry.loss_high,
                reason=entry.status_reason or entry.hold_reason or entry.flag_reason,
            )
            for entry, host_class in repository.entries_of(session, row.id)
        ],
        runs=[
            RunBrief(
                run.id,
                run.host_class,
                run.index,
                run.purpose,
                run.state,
                run.outcome,
                run.loss,
                joules(run.energy_uj),
                *covers[run.host_class],
                run.disputed_by_id is not None,
            )
            for run in repository.runs_of(session, row.id)
        ],
    )
