"""The life of one attempt: claim, reap, fetch, draw, two boxes, report. It knows no Celery and no HTTP.

The entrant's failures are in the report; ours become a fault, and the server queues the run again.
"""

import base64
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from minjoule import record, trace
from minjoule.box import BoxFactory, BoxFault, BoxStuck
from minjoule.bundle import BundleError, read_zip
from minjoule.floor import repeat_key
from minjoule.meter import Meter, MeterFault, Reason
from minjoule.problems import problem_of
from minjoule.tracks import track_from
from minjoule.trial import PhaseBill, Progress, Trial, TrialResult, TrialSpec, TrialStopped, WindowRules
from server.domain.run import Cause
from worker.controls import Controls
from worker.fitness import Fitness
from worker.lengths import Lengths
from worker.logs import get_logger
from worker.ports import Claim, LostLeaseError, RefusedError, Reporter, ServerFault
from worker.signing import record_of

log = get_logger()
ENTRYS_DOING = (Reason.UNQUIET, Reason.DISCHARGED)
"""What an entry can bring about by itself: void once, the second time its miss."""
BEAT_S = 1.0
PAUSE_S = 2.0
PAUSE_MOST_S = 60.0
LOG_CHUNK = 48_000


@dataclass(frozen=True, slots=True)
class Bench:
    """What this host judges with.

    Attributes:
        reap: clears whatever of ours is left on this host.
        keep_ahead: called when nothing waits: have boxes ready for the next run.
        close: at the worker's end: leave nothing behind.
        key: signs every record of this host.
        lengths: how long boxes took before.
        controls: the control workload; None where nothing is measured.
        live_facts: what a record says of this host beside ``facts``, as it is just now.
        fitness: what this host proves after it failed, before it claims again.
    """

    boxes: BoxFactory
    meter: Meter
    reap: Callable[[], None]
    keep_ahead: Callable[[], None]
    close: Callable[[], None]
    host_label: str
    facts: dict[str, str | int]
    key: Ed25519PrivateKey
    rules: WindowRules = WindowRules()
    lengths: Lengths = field(default_factory=Lengths)
    controls: Controls | None = None
    live_facts: Callable[[], dict[str, str | int]] = dict
    fitness: Fitness = field(default_factory=Fitness)

    def all_facts(self) -> dict[str, str | int]:
        """What stands on a record about this host, just now."""
        return self.facts | self.live_facts() | (self.controls.facts() if self.controls else {})


def judge_all(reporter: Reporter, bench: Bench, stopping: threading.Event) -> int:
    """Carry out runs until none waits, or until we're told to stop (between two runs); returns how many.

    Raises BoxStuck, and BoxFault where this host can't judge now: it has claimed nothing then.
    """
    count = faults = 0
    while not stopping.is_set():
        bench.reap()
        bench.fitness.before_claim()
        if bench.controls is not None and not controlled(bench.controls, reporter):
            break
        claim = reporter.claim()
        if claim is None:
            break
        well = judge(claim, reporter, bench)
        bench.fitness.note(well=well)
        faults = 0 if well else faults + 1
        if bench.controls is not None:
            bench.controls.count()
        count += 1
        if faults:  # a sick host would use up every run's attempts in seconds: others come first meanwhile
            stopping.wait(min(PAUSE_S * 2 ** (faults - 1), PAUSE_MOST_S))
    if not stopping.is_set():
        prepare_ahead(bench)
    return count


def controlled(controls: Controls, reporter: Reporter) -> bool:
    """Whether the control workload lets this host judge."""
    try:
        return controls.before_claim(reporter)
    except MeterFault as fault:
        log.error("control_not_measured", reason=str(fault)[:500])
        return False


def prepare_ahead(bench: Bench) -> None:
    """A failure here costs the next run some time, no more: it prepares its own boxes, and says what is wrong."""
    try:
        bench.keep_ahead()
    except BoxFault as error:
        log.warning("boxes_not_prepared", reason=str(error)[:500])


def judge(claim: Claim, reporter: Reporter, bench: Bench) -> bool:
    """One attempt, to its report or its fault; whether this host did its part.

    Raises BoxStuck, its fault told, where this host may judge no more.
    """
    try:
        attempt(claim, reporter, bench)
        return True
    except (LostLeaseError, TrialStopped) as error:
        log.warning("attempt_dropped", run=claim.run_id, epoch=claim.epoch, reason=str(error)[:300])
        return True
    except RefusedError as error:  # a result that the server doesn't take is ours to answer for, at once
        give_up(claim, reporter, Cause.WORKER_ERROR, f"the server refused: {error}")
    except ServerFault as error:
        log.error("server_lost", run=claim.run_id, epoch=claim.epoch, reason=str(error)[:300])
    except MeterFault as error:
        cause = Cause.UNQUIET if error.reason in ENTRYS_DOING else Cause.METER_FAULT
        give_up(claim, reporter, cause, f"{error.reason}: {error}")
    except BoxStuck as error:
        give_up(claim, reporter, Cause.BOX_FAULT, str(error))
        raise
    except BoxFault as error:
        give_up(claim, reporter, Cause.BOX_FAULT, str(error))
    except BundleError as error:  # it was admitted once, so what came here is damaged
        give_up(claim, reporter, Cause.BUNDLE_FAULT, str(error))
    except Exception as error:  # one of the two process loops: a bug of ours may not end the worker
        reference = secrets.token_hex(4)
        log.error("attempt_crashed", run=claim.run_id, reference=reference, exc_info=error)
        give_up(claim, reporter, Cause.WORKER_ERROR, f"{type(error).__name__}, reference {reference}")
    return False


def give_up(claim: Claim, reporter: Reporter, cause: Cause, detail: str) -> None:
    """Say that we failed; if even that fails, the lease runs out."""
    log.error("attempt_faulted", run=claim.run_id, epoch=claim.epoch, cause=cause, detail=detail[:500])
    try:
        reporter.fault(claim, cause, detail)
    except (LostLeaseError, RefusedError, ServerFault) as error:
        log.error("fault_unsaid", run=claim.run_id, reason=str(error)[:300])


def attempt(claim: Claim, reporter: Reporter, bench: Bench) -> None:
    """Fetch, carry out, report; the boxes are removed after the report."""
    folder = Path(tempfile.mkdtemp(prefix="minjoule-bundle-"))
    try:
        bundle = read_zip(reporter.bundle(claim))
        if bundle.digest != claim.submission_digest:
            raise BundleError(f"the bundle has digest {bundle.digest}, the claim says {claim.submission_digest}")
        bundle.write_to(folder)
        with Trial(spec_of(claim, folder, bench), bench.boxes, bench.meter, bench.rules) as trial, Pulse(claim, reporter, trial) as pulse:
            result = trial.carry_out(pulse.note)
            bench.lengths.note(claim.submission_digest, result)
            reporter.report(claim, report_of(claim, result, bench))  # the beats go on: they keep the lease while the server is away
            pulse.stop()
        log.info(
            "attempt_reported", run=claim.run_id, epoch=claim.epoch, outcome=result.outcome, energy_uj=result.energy_uj, loss=result.loss
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spec_of(claim: Claim, folder: Path, bench: Bench) -> TrialSpec:
    """The claim as a trial. The instance is drawn here, on the host, while the boxes start."""
    rules = track_from(claim.track)
    key = bytes.fromhex(claim.instance_key)
    labels = {"minjoule.run": claim.run_id, "minjoule.attempt": str(claim.attempt_id), "minjoule.host": bench.host_label}
    return TrialSpec(
        name=f"{claim.run_id}-{claim.epoch}",
        bundle=folder,
        entrypoint=claim.entrypoint,
        prelude=rules.prelude,
        image=rules.image,
        draw=lambda place: problem_of(rules).draw(repeat_key(key, place)),
        seed=claim.seed,
        caps=rules.caps.to_trial(),
        labels=labels,
        expected_ns=bench.lengths.of(claim.submission_digest),
    )


def report_of(claim: Claim, result: TrialResult, bench: Bench) -> dict[str, Any]:
    """The result as the server takes it, with the record that this host signs."""
    traces, facts = packed_trace(result), bench.all_facts()
    signed = record.canonical(record_of(claim, result, result.log, traces, bench.meter.facts, facts))
    return {
        "record_b64": base64.b64encode(signed).decode(),
        "signature": record.sign(bench.key, signed),
        "outcome": result.outcome,
        "message": result.message[:4000],
        "loss": result.loss,
        "symbols": result.symbols,
        "train": window_of(result.train),
        "score": window_of(result.score) if result.score else None,
        "artifact_sha256": result.artifact_sha256,
        "artifact_bytes": result.artifact_bytes,
        "log_b64": base64.b64encode(result.log).decode(),
        "log_truncated": result.log_truncated,
        "trace_b64": base64.b64encode(traces).decode(),
        "prelude_s": result.prelude_s,
        "instance_digest": result.instance_digest,
        "sharing": record.sharing_of(result.sharing),
        "meter": asdict(bench.meter.facts),
        "facts": facts,
    }


def window_of(bill: PhaseBill) -> dict[str, Any]:
    """A window with its bill, and each meter's reading where there are several."""
    measured = bill.measurement
    return {
        "begin_ns": measured.window.begin_ns,
        "end_ns": measured.window.end_ns,
        "energy_uj": measured.energy_uj,
        "expanded_uj": measured.expanded_uj,
        "on_host_uj": measured.on_host_uj,
        "meters": record.meters_of(measured),
    }


def packed_trace(result: TrialResult) -> bytes:
    """Both windows' raw readings: the integers from which anybody can add up the joules again."""
    bills = {"train": result.train, "score": result.score}
    return trace.pack({name: bill.trace for name, bill in bills.items() if bill is not None})


class Pulse:
    """Heartbeats of an attempt on a thread; a lost lease stops the trial. A context."""

    def __init__(self, claim: Claim, reporter: Reporter, trial: Trial) -> None:
        self._claim, self._reporter, self._trial = claim, reporter, trial
        self._latest: Progress | None = None
        self._billed_uj = 0
        self._sent = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No more beats. Idempotent."""
        self._done.set()
        self._thread.join()

    def note(self, progress: Progress) -> None:
        """What the next beat will tell."""
        if self._latest is not None and self._latest.phase is not progress.phase:
            self._billed_uj, self._sent = self._latest.energy_uj, 0
        self._latest = progress

    def _beat(self) -> None:
        while not self._done.wait(BEAT_S):
            try:
                self._tell()
            except (LostLeaseError, RefusedError):
                self._trial.stop()
                return
            except ServerFault as error:
                log.warning("heartbeat_lost", run=self._claim.run_id, reason=str(error)[:300])

    def _tell(self) -> None:
        latest = self._latest
        content = self._content(latest)
        self._reporter.heartbeat(self._claim, content)
        now = self._latest
        if latest is not None and now is not None and now.phase is latest.phase:  # a new phase's log begins at 0
            self._sent = min(content["log_offset"] + LOG_CHUNK, len(latest.log))

    def _content(self, latest: Progress | None) -> dict[str, Any]:
        if latest is None:
            return {"phase": "prepare"}
        chunk, offset = latest.log[self._sent : self._sent + LOG_CHUNK], self._sent
        return {
            "phase": latest.phase,
            "progress": latest.fraction,
            "energy_uj": self._billed_uj + latest.energy_uj,
            "loss_so_far": latest.loss_so_far,
            "log_offset": offset,
            "log_b64": base64.b64encode(chunk).decode(),
        }
