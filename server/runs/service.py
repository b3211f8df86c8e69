"""Runs as participants and the public see them: queued, live, done."""

import datetime as dt
import secrets
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from minjoule.floor import below_floor
from minjoule.shown import shown
from server import clock
from server.db.rows import AttemptRow, BoardRow, HostClassRow, RunRow, SubmissionRow
from server.domain.errors import NotFound
from server.domain.keys import new_seed
from server.domain.run import QUEUE_DEADLINE_DAYS, Purpose, RunState
from server.runs import repository
from server.runs.draws import RunFigures, joules, key_of, standing_of
from server.tracks import service as tracks

DAY = dt.timedelta(days=1)
SHARE_WITHIN = dt.timedelta(hours=1)
"""Shares of the queue are counted over the last hour."""
HOST_SILENT = dt.timedelta(seconds=30)
LOG_TAIL = 4000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a submission's runs are. ``queue_position``: how many runs come before its next one; None if none waits."""

    runs: int
    done: int
    running: int
    void: int
    queue_position: int | None
    current: str | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try: where, how far, and why it failed if it did (by our fault)."""

    epoch: int
    host: str
    state: str
    phase: str
    progress: float | None
    energy_uj: int | None
    loss_so_far: float | None
    fault_cause: str | None
    fault_detail: str | None
    claimed_at: dt.datetime
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run. Energies are microjoules as stored, and joules for reading; windows are seconds; ``instance_key`` only when it's done.

    ``expanded_uj`` and ``on_host_uj`` are U (k=2) of the bill, absolute and on this host alone. ``boxes`` shared each window, so that
    both together last ``floor_s``; the bill is one's part, the windows' lengths are of all. ``flag`` says why the run isn't vouched for,
    ``disputed_by`` which run says otherwise. ``counts``: it makes its entry's figures. ``same_draw``: it and its repeats.
    """

    id: str
    submission: str
    name: str
    track: str
    unit: str
    target_loss: float
    host_class: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    index: int
    purpose: str
    state: str
    outcome: str | None
    message: str | None
    loss: float | None
    energy_j: float | None
    energy_uj: int | None
    train_uj: int | None
    score_uj: int | None
    train_s: float | None
    score_s: float | None
    expanded_uj: int | None
    on_host_uj: int | None
    boxes: int
    floor_s: float
    below_floor: bool
    flag: str | None
    artifact_sha256: str | None
    artifact_bytes: int | None
    seed: int
    instance_key: str | None
    queue_position: int | None
    reason: str | None
    estimate_s: float | None
    queued_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    attempt: AttemptView | None
    attempts: list[AttemptView] = field(default_factory=list)
    log_tail: str = ""
    log_truncated: bool = False
    counts: bool = False
    repeats: str | None = None
    disputed_by: str | None = None
    same_draw: list[RunFigures] = field(default_factory=list)

    @property
    def has_evidence(self) -> bool:
        """Readings, a log and a signed record: of every done run but a miss whose window was voided."""
        return self.state == RunState.DONE and self.energy_uj is not None

    @property
    def final(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in (RunState.DONE, RunState.VOID)


def seconds(window: dict[str, int] | None) -> float | None:
    """Length of a reported window."""
    return (window["end_ns"] - window["begin_ns"]) / 1e9 if window else None


def lasted_ns(report: dict[str, Any]) -> int:
    """Length of both windows together, nanoseconds."""
    windows = [report.get(name) for name in ("train", "score")]
    return sum(each["end_ns"] - each["begin_ns"] for each in windows if each)


def new_run_id(now: dt.datetime) -> str:
    """Sortable by time, unguessable enough to be a name, 22 hexadecimal digits."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(5)}"


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Runs to queue for an entry. ``participant_id`` is whose share of the queue they take: the person's, in a team too."""

    entry_id: int
    submission_id: int
    participant_id: int
    host_class: str
    count: int
    purpose: Purpose = Purpose.LISTING


def open_runs(
    session: Session, order: RunOrder, now: dt.datetime, *, duel_id: int | None = None, host_id: int | None = None, first: int = 0
) -> list[RunRow]:
    """Queue runs on instances that the entry hasn't seen, each with its seed; their rows are the outbox of the hints.

    ``host_id`` pins them to one host; ``first`` is the least index they may have.
    """
    first = max(first, repository.next_index(session, order.entry_id, order.purpose))
    runs = [
        RunRow(
            id=new_run_id(now),
            entry_id=order.entry_id,
            submission_id=order.submission_id,
            participant_id=order.participant_id,
            host_class=order.host_class,
            index=index,
            purpose=order.purpose,
            duel_id=duel_id,
            host_id=host_id,
            seed=new_seed(),
            state=RunState.QUEUED,
            queued_at=now,
            hinted_at=now,
            deadline_at=now + QUEUE_DEADLINE_DAYS * DAY,
        )
        for index in range(first, first + order.count)
    ]
    session.add_all(runs)
    session.flush()
    return runs


def next_index(session: Session, entry_id: int, purpose: Purpose) -> int:
    """The first index of that purpose that the entry hasn't used."""
    return repository.next_index(session, entry_id, purpose)


def progress_of(session: Session, digests: list[str]) -> dict[str, Progress]:
    """How far each submission's runs are, with the place in the queue of the one that is next."""
    found: dict[str, list[RunRow]] = {digest: [] for digest in digests}
    for digest, run in repository.of_submissions(session, digests):
        found[digest].append(run)
    return {digest: progress(session, rows) for digest, rows in found.items()}


def progress(session: Session, rows: list[RunRow]) -> Progress:
    """Of one submission's runs."""
    state = Counter(row.state for row in rows)
    waiting = min((row for row in rows if row.state == RunState.QUEUED), key=lambda row: (row.index, row.queued_at, row.id), default=None)
    before = place_in_queue(session, waiting, clock.now()) if waiting else None
    current = next((row for row in rows if row.state == RunState.RUNNING), waiting)
    done, running, void = state[RunState.DONE], state[RunState.RUNNING], state[RunState.VOID]
    return Progress(len(rows), done, running, void, before, current.id if current else None)


def find_run(session: Session, run_id: str, secret: bytes, now: dt.datetime, *, log: bool = True) -> RunView:
    """A run as anybody may see it. Raises NotFound."""
    found = repository.with_context(session, run_id[:30])
    if found is None:
        raise NotFound(f"there is no run {run_id[:40]!r}", "`minjoule runs` lists yours")
    attempts = [attempt_view(attempt, host) for attempt, host in repository.attempts_of(session, run_id)]
    last = repository.last_attempt(session, run_id) if log else None
    return compose(session, found, attempts, last, secret, now)


def compose(
    session: Session,
    found: tuple[RunRow, SubmissionRow, BoardRow, HostClassRow],
    attempts: list[AttemptView],
    last: AttemptRow | None,
    secret: bytes,
    now: dt.datetime,
) -> RunView:
    """The view from its rows."""
    run, submission, board, host_class = found
    rules = tracks.find_track(session, board.track_slug)
    position = place_in_queue(session, run, now) if run.state == RunState.QUEUED else None
    key = key_of(session, secret, submission.digest, run).hex() if run.state == RunState.DONE else None
    report = (last.report if last and run.state == RunState.DONE else None) or {}
    sharing = report.get("sharing") or {}
    floor = int(sharing.get("floor_ns", 0))
    return RunView(
        id=run.id,
        submission=submission.digest,
        name=submission.name,
        track=board.track_slug,
        unit=rules.unit,
        target_loss=rules.target_loss,
        host_class=run.host_class,
        boundary=host_class.boundary,
        modelled=host_class.modelled,
        unsandboxed=host_class.unsandboxed,
        index=run.index,
        purpose=run.purpose,
        state=run.state,
        outcome=run.outcome,
        message=run.message,
        loss=run.loss,
        energy_j=joules(run.energy_uj),
        energy_uj=run.energy_uj,
        train_uj=run.train_uj,
        score_uj=run.score_uj,
        train_s=seconds(report.get("train")),
        score_s=seconds(report.get("score")),
        expanded_uj=None if host_class.modelled else run.expanded_uj,
        on_host_uj=None if host_class.modelled else run.on_host_uj,
        boxes=sharing.get("train", 1),
        floor_s=floor / 1e9,
        below_floor=below_floor(floor, lasted_ns(report)),
        artifact_sha256=report.get("artifact_sha256"),
        artifact_bytes=report.get("artifact_bytes"),
        seed=run.seed,
        instance_key=key,
        queue_position=position,
        reason=why_it_waits(session, run, position, now),
        estimate_s=estimate_s(session, run, position),
        queued_at=run.queued_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        attempt=attempts[-1] if attempts else None,
        attempts=attempts,
        log_tail=shown(last.log[-LOG_TAIL:].decode(errors="replace")) if last else "",
        log_truncated=bool(last and last.log_truncated),
        **standing_of(session, run),
    )


def attempt_view(row: AttemptRow, host: str) -> AttemptView:
    """An attempt as a value."""
    return AttemptView(
        epoch=row.epoch,
        host=host,
        state=row.state,
        phase=row.phase,
        progress=row.progress,
        energy_uj=row.energy_uj,
        loss_so_far=row.loss_so_far,
        fault_cause=row.fault_cause,
        fault_detail=row.fault_detail,
        claimed_at=row.claimed_at,
        ended_at=row.ended_at,
    )


def place_in_queue(session: Session, run: RunRow, now: dt.datetime) -> int:
    """How many queued runs of the class come before this one, by everybody's shares as they stand."""
    if run.purpose != Purpose.LISTING:
        return repository.urgent_before(session, run)
    lines = repository.lines(session, run.host_class, now - SHARE_WITHIN)
    mine = next((line for line in lines if line.participant_id == run.participant_id), None)
    own = repository.own_before(session, run)
    urgent = repository.urgent(session, run.host_class)
    if mine is None:
        return own + urgent
    level = mine.served + own
    return urgent + own + sum(line.ahead(level, mine) for line in lines if line is not mine)


def why_it_waits(session: Session, run: RunRow, position: int | None, now: dt.datetime) -> str | None:
    """A sentence for whoever waits; None once it runs."""
    if position is None:
        return None
    seen = repository.last_seen(session, run.host_class)
    if seen is None:
        return f"no host of class {run.host_class} has ever been seen: it waits until one is"
    if now - seen > HOST_SILENT:
        return f"no host of class {run.host_class} has been heard of since {seen:%Y-%m-%d %H:%M:%S} UTC: it waits until one is back"
    if not position:
        return "it's next"
    served = repository.served(session, run.participant_id, run.host_class, now - SHARE_WITHIN)
    share = f"; who had least within the hour goes first, and this participant has had {served}" if run.purpose == Purpose.LISTING else ""
    return f"{position} run{'s' if position > 1 else ''} of host class {run.host_class} before it{share}"


def estimate_s(session: Session, run: RunRow, position: int | None) -> float | None:
    """Seconds until it starts, from the median of the last runs on the class; None where there were none."""
    if position is None:
        return None
    seconds = repository.recent_seconds(session, run.host_class)
    judges = max(1, repository.hosts_seen_since(session, run.host_class, clock.now() - HOST_SILENT))
    return round(position * statistics.median(seconds) / judges, 1) if seconds else None


def read_log(session: Session, run_id: str) -> bytes:
    """The last attempt's log as bytes, hostile. Raises NotFound."""
    return evidence(session, run_id).log


def read_trace(session: Session, run_id: str) -> bytes:
    """The raw readings of both windows, packed. Raises NotFound."""
    attempt = evidence(session, run_id)
    if attempt.trace is None:
        raise NotFound(f"run {run_id[:40]} has no trace yet", "it's there once the run is done")
    return attempt.trace


def evidence(session: Session, run_id: str) -> AttemptRow:
    """The last attempt. Raises NotFound."""
    attempt = repository.last_attempt(session, run_id[:30])
    if attempt is None:
        raise NotFound(f"run {run_id[:40]!r} has not begun, or doesn't exist", "`minjoule watch` follows a run")
    return attempt
