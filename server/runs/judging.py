"""Runs as hosts move them: claim, heartbeat, report, fault, and the sweep that lets nothing wait forever.

Every write names the attempt's epoch; a stale one is refused, the same report twice counts once.
"""

import datetime as dt
import gzip
import hashlib
import json
import zlib
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from minjoule.outcome import Outcome
from server.blobs import Blobs
from server.boards import service as boards
from server.db.rows import AttemptRow, RunRow, SubmissionRow
from server.db.session import after_commit
from server.domain.errors import Conflict, Inadmissible, NotFound
from server.domain.run import LEASE_S, MAX_ATTEMPTS, Cause, Event, RunState, after, fault_event
from server.hosts import service as hosts
from server.hosts.service import HostIdentity
from server.logs import get_logger
from server.queue import Hints
from server.runs import doubts, quota, records, repository
from server.runs.draws import key_of
from server.runs.schemas import Claim, ControlReport, FaultReport, Heartbeat, Report
from server.runs.service import SHARE_WITHIN
from server.tracks import service as tracks

log = get_logger()
LEASE = dt.timedelta(seconds=LEASE_S)
HINT_AFTER = dt.timedelta(seconds=5)
LOG_CAP = 262_144
TRACE_CAP = 32 << 20


@dataclass(frozen=True, slots=True)
class Desk:
    """What judging needs beside the session."""

    hints: Hints
    secret: bytes
    signing_key: Ed25519PrivateKey


def claim(session: Session, desk: Desk, host: HostIdentity, now: dt.datetime) -> Claim | None:
    """The next run for this host, leased; None where nothing waits. What it left open before is lost: it restarted."""
    hosts.note_seen(session, host.id, now)
    for left in repository.open_attempts_of_host(session, host.id):
        fault_attempt(session, desk.hints, left, Cause.HOST_RESTARTED, "the host asked for a new run while this one was open", now)
    for run in repository.next_queued(session, host.host_class, host.id, now - SHARE_WITHIN):
        epoch = run.epoch + 1
        taken = repository.change_state(
            session, run, run.epoch, after(RunState(run.state), Event.CLAIMED), epoch=epoch, started_at=now, deadline_at=now + LEASE
        )
        if taken:
            return lease(session, desk, run, host, epoch, now)
    return None


def lease(session: Session, desk: Desk, run: RunRow, host: HostIdentity, epoch: int, now: dt.datetime) -> Claim:
    """The attempt, and what the host needs for it."""
    attempt = AttemptRow(run_id=run.id, epoch=epoch, host_id=host.id, claimed_at=now, heartbeat_at=now)
    session.add(attempt)
    session.flush()
    submission = session.get_one(SubmissionRow, run.submission_id)
    return Claim(
        attempt_id=attempt.id,
        run_id=run.id,
        epoch=epoch,
        lease_s=LEASE_S,
        submission_digest=submission.digest,
        entrypoint=submission.entrypoint,
        track=asdict(tracks.find_track(session, submission.track_slug)),
        instance_key=key_of(session, desk.secret, submission.digest, run).hex(),
        seed=run.seed,
        purpose=run.purpose,
    )


def bundle(session: Session, blobs: Blobs, host: HostIdentity, attempt_id: int) -> bytes:
    """The bundle of an attempt under way on this host. Raises NotFound, Conflict."""
    attempt, run = owned(session, host, attempt_id)
    current(attempt, run, attempt.epoch)
    return blobs.get(session.get_one(SubmissionRow, run.submission_id).bundle_sha256)


def heartbeat(session: Session, host: HostIdentity, attempt_id: int, beat: Heartbeat, now: dt.datetime) -> None:
    """Extend the lease by our clock and keep what is live. Raises NotFound, Conflict."""
    attempt, run = owned(session, host, attempt_id)
    current(attempt, run, beat.epoch)
    hosts.note_seen(session, host.id, now)
    attempt.heartbeat_at, run.deadline_at = now, now + LEASE
    attempt.phase, attempt.progress = beat.phase, beat.progress
    attempt.energy_uj, attempt.loss_so_far = beat.energy_uj, beat.loss_so_far
    if beat.log_b64 and beat.log_offset <= len(attempt.log):
        attempt.log = (attempt.log[: beat.log_offset] + beat.log_b64)[:LOG_CAP]


def report(session: Session, desk: Desk, host: HostIdentity, attempt_id: int, said: Report, now: dt.datetime) -> Inadmissible | None:
    """The end of an attempt, once. Raises NotFound, Conflict (stale, or another report before), Inadmissible.

    A report that can't be true ends the attempt too, by our fault: returns the refusal, for the attempt's end must be committed.
    """
    attempt, run = owned(session, host, attempt_id)
    content = said.model_dump(mode="json", exclude={"log_b64", "trace_b64", "record_b64"})
    sha256 = hashlib.sha256(said.model_dump_json().encode()).hexdigest()
    if attempt.state == "REPORTED":
        if (attempt.report_sha256, attempt.epoch) == (sha256, said.epoch):
            return None
        raise Conflict(f"attempt {attempt_id} has been reported with other content", "a report can't be changed")
    current(attempt, run, said.epoch)
    check_trace(said.trace_b64)
    hosts.note_seen(session, host.id, now)
    if why := doubts.doubt(session, attempt, said, now):
        fault_attempt(session, desk.hints, attempt, Cause.REPORT_REFUSED, f"host {host.name} reported what can't be: {why}", now)
        return Inadmissible(f"this report can't be: {why}", "the run is queued again; look at this host's meter and clock")
    records.admit_record(session, desk.signing_key, attempt, run, said, now)
    attempt.state, attempt.ended_at, attempt.phase = "REPORTED", now, "report"
    attempt.report, attempt.report_sha256, attempt.trace = content, sha256, said.trace_b64
    attempt.log, attempt.log_truncated, attempt.energy_uj = said.log_b64[:LOG_CAP], said.log_truncated, said.energy_uj
    finish(session, run, said, now)
    boards.absorb_run(session, run.entry_id)
    after_commit(session, desk.hints.board_stale)
    return None


def finish(session: Session, run: RunRow, said: Report, now: dt.datetime) -> None:
    """RUNNING to DONE with its figures. Raises Conflict if the run has moved on meanwhile."""
    moved = quota.move(
        session,
        run,
        said.epoch,
        after(RunState(run.state), Event.REPORTED),
        now,
        finished_at=now,
        deadline_at=None,
        outcome=said.outcome,
        message=said.message,
        loss=said.loss,
        energy_uj=said.energy_uj,
        train_uj=said.train.energy_uj,
        score_uj=said.score.energy_uj if said.score else 0,
        expanded_uj=said.doubt.expanded_uj,
        on_host_uj=said.doubt.on_host_uj,
        wall_ns=said.wall_ns,
        meters=said.meters,
    )
    if not moved:
        raise Conflict(f"run {run.id} has moved on", "drop this attempt")
    session.flush()
    log.info("run_finished", run=run.id, outcome=said.outcome, energy_uj=said.energy_uj, loss=said.loss)


def fault(session: Session, desk: Desk, host: HostIdentity, attempt_id: int, said: FaultReport, now: dt.datetime) -> None:
    """The host says that it failed. The same twice is fine. Raises NotFound, Conflict."""
    attempt, run = owned(session, host, attempt_id)
    if attempt.state == "FAULTED" and (attempt.epoch, attempt.fault_cause) == (said.epoch, said.cause):
        return
    current(attempt, run, said.epoch)
    hosts.note_seen(session, host.id, now)
    if said.cause is Cause.UNQUIET and repository.was_unquiet(session, run.id):
        miss(session, desk.hints, attempt, run, said, now)
        return
    fault_attempt(session, desk.hints, attempt, said.cause, said.detail, now)


def miss(session: Session, hints: Hints, attempt: AttemptRow, run: RunRow, said: FaultReport, now: dt.datetime) -> None:
    """The machine was disturbed once more, as an entry can: its miss, or an unlucky run could burn power to be drawn again."""
    what = "this run's machine wasn't quiet after its window, or left its supply within it, for the second time"
    message = f"{what} ({said.detail[:300]}): a miss"
    to = after(RunState(run.state), Event.MISSED)
    outcome = Outcome.TIME_LIMIT
    if not quota.move(session, run, said.epoch, to, now, finished_at=now, deadline_at=None, outcome=outcome, message=message):
        raise Conflict(f"run {run.id} has moved on", "drop this attempt")
    attempt.state, attempt.ended_at, attempt.fault_cause, attempt.fault_detail = "FAULTED", now, said.cause, said.detail
    session.flush()
    boards.absorb_run(session, run.entry_id)
    after_commit(session, hints.board_stale)
    log.info("run_missed", run=run.id, detail=said.detail[:500])


def control(session: Session, desk: Desk, host: HostIdentity, said: ControlReport, now: dt.datetime) -> None:
    """What a host's control workload came to. If it failed, the host's runs since its last pass are flagged, in public."""
    hosts.note_seen(session, host.id, now)
    since = hosts.note_control(session, host.id, said.said, now, passed=said.passed)
    if said.passed and said.idle_w is not None:
        hosts.fix_bounds(session, host, said.idle_w, said.rated_w, now)
    if said.passed:
        return
    last = f"its last pass was at {since:%Y-%m-%d %H:%M} UTC" if since else "it had never passed one"
    reason = f"host {host.name} failed its control workload at {now:%Y-%m-%d %H:%M} UTC ({said.said[:300]}); {last}"
    flagged = flag_runs(session, desk.hints, host.id, since, reason)
    log.warning("control_failed", host=host.name, said=said.said[:300], flagged=flagged)


def flag_runs(session: Session, hints: Hints, host_id: int, since: dt.datetime | None, reason: str) -> int:
    """Flag what a host reported, in public: on the runs' pages and on their boards' rows; returns how many runs that were."""
    flagged = repository.flag_runs(session, host_id, since, reason)
    for board_id in repository.boards_flagged(session, host_id) if flagged else ():
        boards.ask_for_ranking(session, board_id)  # changes no rank: a board is shown anew when it was ranked anew
    if flagged:
        after_commit(session, hints.board_stale)
    return flagged


def fault_attempt(session: Session, hints: Hints, attempt: AttemptRow, cause: Cause, detail: str, now: dt.datetime) -> None:
    """End an attempt by our fault; its run is queued again at no cost, or void after the last. Nothing, if it has moved on."""
    run = session.get_one(RunRow, attempt.run_id)
    event = fault_event(attempt.epoch)
    to = after(RunState(run.state), event)
    void = to is RunState.VOID
    reason = f"our fault, {MAX_ATTEMPTS} times; the last: {cause} ({detail[:300]}). It cost you nothing." if void else None
    queued = {"finished_at": now, "deadline_at": None} if void else {"deadline_at": now + dt.timedelta(days=7), "hinted_at": now}
    if not quota.move(session, run, attempt.epoch, to, now, message=reason, **queued):
        return
    attempt.state, attempt.ended_at, attempt.fault_cause, attempt.fault_detail = "FAULTED", now, cause, detail
    log.warning("attempt_faulted", run=run.id, epoch=attempt.epoch, cause=cause, detail=detail[:500])
    if not void:
        after_commit(session, lambda: hints.run_waits(run.host_class))


def revoke_host(session: Session, hints: Hints, name: str, now: dt.datetime, why: str = "no reason was given") -> int:
    """End a host's token, queue its open attempts again and flag what it has judged; returns how many runs that were."""
    host_id = hosts.revoke(session, name, now)
    for attempt in repository.open_attempts_of_host(session, host_id):
        fault_attempt(session, hints, attempt, Cause.HOST_REVOKED, "an organizer revoked the host", now)
    reason = f"host {name} was revoked on {now:%Y-%m-%d} ({why[:300]}): nobody vouches for what it judged before"
    flagged = flag_runs(session, hints, host_id, None, reason)
    log.warning("host_revoked", host=name, why=why[:300], flagged=flagged)
    return flagged


def sweep(session: Session, hints: Hints, now: dt.datetime) -> None:
    """Enforce every deadline, and wake whoever may have missed a hint. A clock that was set back holds nothing up."""
    if shortened := repository.shorten_leases(session, now + 2 * LEASE, now + LEASE):
        log.warning("clock_set_back", leases_shortened=shortened)
    for run in repository.past_deadline(session, now):
        attempt = repository.open_attempt_of_run(session, run.id)
        if attempt is not None:
            silent = f"no heartbeat since {attempt.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC, the lease is {LEASE_S} s"
            fault_attempt(session, hints, attempt, Cause.HOST_LOST, silent, now)
        elif run.state == RunState.QUEUED:
            to = after(RunState.QUEUED, Event.EXPIRED)
            why = f"no host of class {run.host_class} took it within 7 days: void, at no cost to you"
            quota.move(session, run, run.epoch, to, now, finished_at=now, deadline_at=None, message=why)
    for host_class in repository.classes_to_hint(session, now - HINT_AFTER, now):
        repository.note_hints(session, host_class, now)
        after_commit(session, lambda waiting=host_class: hints.run_waits(waiting))  # type: ignore[misc]


def owned(session: Session, host: HostIdentity, attempt_id: int) -> tuple[AttemptRow, RunRow]:
    """An attempt of this host; another's doesn't exist for it. Raises NotFound."""
    attempt = repository.attempt(session, attempt_id)
    if attempt is None or attempt.host_id != host.id:
        raise NotFound(f"this host has no attempt {attempt_id}", "claim a run first")
    return attempt, session.get_one(RunRow, attempt.run_id)


def current(attempt: AttemptRow, run: RunRow, epoch: int) -> None:
    """Raises Conflict unless the attempt is the one under way, and the epoch its own."""
    if attempt.state != "CLAIMED" or attempt.epoch != epoch or run.epoch != epoch or run.state != RunState.RUNNING:
        raise Conflict(f"attempt {attempt.id} (epoch {epoch}) isn't under way any more: it's {attempt.state}", "drop it and claim anew")


def check_trace(packed: bytes) -> None:
    """The trace unpacks to bounded JSON. Raises Inadmissible."""
    try:
        unpacker = zlib.decompressobj(wbits=31)
        raw = unpacker.decompress(packed, TRACE_CAP)
        if not unpacker.eof or unpacker.unconsumed_tail:
            raise Inadmissible(f"the trace unpacks to more than {TRACE_CAP} bytes, or is cut off", "report fewer readings")
        json.loads(raw)
    except (zlib.error, ValueError, RecursionError, gzip.BadGzipFile) as error:
        raise Inadmissible(f"the trace isn't gzipped JSON: {error}", "this is the worker's fault") from None
