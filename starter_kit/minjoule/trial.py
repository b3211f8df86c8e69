"""One attempt at a run on this machine: two boxes, two windows, one meter. The judge and ``minjoule try`` share it.

It knows no server and no queue. The entrant's failures are an Outcome; ours are raised (BoxFault, MeterFault).
"""

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from minjoule import scorer
from minjoule.attendant import Attendant, Progress, WindowRules
from minjoule.box import BoxEnd, BoxFactory, BoxFault, BoxLimits, BoxSpec, Phase, TrialCaps
from minjoule.given import send_artifact, send_training
from minjoule.joint_meter import listeners
from minjoule.meter import Meter, MeterFault, Reason
from minjoule.outcome import Outcome
from minjoule.problems.base import Instance
from minjoule.protocol import Channel, DeadlineError, FrameTooLargeError, Kind, ProtocolError
from minjoule.window import Measurement, Trace, measure

__all__ = ["PhaseBill", "Progress", "Trial", "TrialCaps", "TrialResult", "TrialSpec", "TrialStopped", "WindowRules"]

TRAINING_REFUSALS = {Outcome.RUNTIME_ERROR, Outcome.BAD_ARTIFACT, Outcome.MEMORY_LIMIT, Outcome.DISK_LIMIT}
HAND_OVER_S = 30.0
LEAVE_S = 2.0
ACCOUNT_S = 5.0


class TrialStopped(Exception):
    """``Trial.stop`` was called: the run isn't ours any more."""


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """What to carry out.

    Attributes:
        draw: makes the instance, while the boxes start, outside every window. Its key never leaves the caller.
        seed: goes to the entrant; unrelated to the key.
    """

    name: str
    bundle: Path
    entrypoint: str
    prelude: tuple[str, ...]
    image: str
    draw: Callable[[], Instance]
    seed: int
    caps: TrialCaps
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhaseBill:
    """What one window cost: begin is the opened gate, end the empty box."""

    measurement: Measurement
    trace: Trace


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How a trial ended.

    Attributes:
        outcome: see Outcome; ``message`` says why in a sentence, for the entrant.
        loss: mean bits per held-out symbol; None unless FINISHED. Always finite.
        symbols: how many were scored.
        train: the train window's bill; always there.
        score: the scoring window's bill; None where there was nothing to score.
        artifact_sha256: hex; None where there was no artifact. ``artifact_bytes`` is its size.
        log: the entrant's output of both phases, capped.
        prelude_s: seconds from the train box's start to its gate; billed to nobody.
    """

    outcome: Outcome
    message: str
    loss: float | None
    symbols: int
    train: PhaseBill
    score: PhaseBill | None
    artifact_sha256: str | None
    artifact_bytes: int
    log: bytes
    log_truncated: bool
    prelude_s: float
    instance_digest: str

    @property
    def energy_uj(self) -> int:
        """The bill: train + load + every prediction, microjoules."""
        return self.train.measurement.energy_uj + (self.score.measurement.energy_uj if self.score else 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one phase ended; ``artifact`` after training, ``tally`` after scoring."""

    outcome: Outcome
    message: str = ""
    artifact: bytes | None = None
    tally: scorer.Tally | None = None


@dataclass(frozen=True, slots=True)
class Phased:
    """A phase with its bill and the way its box ended."""

    verdict: Verdict
    bill: PhaseBill
    end: BoxEnd


class Trial:
    """A context: entering does nothing, ``carry_out`` runs both phases, leaving removes the boxes (after the report)."""

    def __init__(self, spec: TrialSpec, boxes: BoxFactory, meter: Meter, rules: WindowRules | None = None) -> None:
        self._spec = spec
        self._meter = meter
        self._rules = rules or WindowRules()
        self._idle_uw: int | None = None
        self._boxes = {phase: boxes(self._box_spec(phase)) for phase in Phase}
        self._channels: dict[Phase, Channel] = {}
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for channel in list(self._channels.values()):
            channel.close()
        for box in self._boxes.values():
            box.cleanup()

    def stop(self) -> None:
        """From another thread: break off. ``carry_out`` then raises TrialStopped."""
        self._stopped.set()
        for channel in list(self._channels.values()):
            channel.abort()

    def carry_out(self, on_progress: Callable[[Progress], None]) -> TrialResult:
        """Train and score once. Raises BoxFault, MeterFault, TrialStopped."""
        began = time.monotonic()
        with ThreadPoolExecutor(2) as starters:
            starting = {phase: starters.submit(box.prepare) for phase, box in self._boxes.items()}
            instance = self._spec.draw()
            self._channels = {phase: start.result() for phase, start in starting.items()}
        if self._stopped.is_set():
            raise TrialStopped
        prelude_s = time.monotonic() - began
        hand_over(lambda: send_training(self._channels[Phase.TRAIN], instance.training, time.monotonic() + HAND_OVER_S))
        trained = self._run_phase(Phase.TRAIN, on_progress, lambda channel, watch: self._train(channel, watch))
        artifact = trained.verdict.artifact
        scored = None
        if artifact is not None:
            hand_over(lambda: send_artifact(self._channels[Phase.SCORE], artifact, instance, time.monotonic() + HAND_OVER_S))
            scored = self._run_phase(Phase.SCORE, on_progress, lambda channel, watch: self._score(channel, watch, instance))
        return self._result(instance, trained, scored, prelude_s)

    def _run_phase(
        self, phase: Phase, on_progress: Callable[[Progress], None], converse: Callable[[Channel, Attendant], Verdict]
    ) -> Phased:
        box, channel = self._boxes[phase], self._channels[phase]
        limits = self._limits(phase)
        watch = Attendant(phase, box, channel, self._meter, limits.cpu_s, on_progress, self._rules, self._idle_uw)
        watch.begin()
        hand_over(lambda: channel.send_json(Kind.OPEN, {"seed": self._spec.seed}, time.monotonic() + HAND_OVER_S))
        try:
            with watch:
                verdict = converse(channel, watch)
                self._listen(channel, verdict.outcome)
                end = box.wait_empty(LEAVE_S if verdict.outcome is Outcome.FINISHED else 0.0, watch.close)
        except ProtocolError:
            end = box.wait_empty(LEAVE_S, watch.close)
            verdict = left_early(phase, end)
        if self._stopped.is_set():
            raise TrialStopped
        watch.settle()
        self._idle_uw = watch.idle_uw
        trace = watch.trace()
        measurement = measure(trace)
        if watch.cpu_spent:
            verdict = over_cpu(phase, limits)
        elif end.oom_killed and verdict.outcome is not Outcome.FINISHED:
            verdict = Verdict(Outcome.MEMORY_LIMIT, f"the kernel killed for memory: the cap is {limits.memory_bytes} bytes; use less")
        return Phased(verdict, PhaseBill(measurement, trace), end)

    def _listen(self, channel: Channel, outcome: Outcome) -> None:
        """The harness's last word on a window, where a meter bills by it. Whoever is ended by us has no last word. Raises MeterFault."""
        waiting = listeners(self._meter)
        if not waiting or outcome in (Outcome.TIME_LIMIT, Outcome.SCORING_LIMIT):
            return
        try:
            account = bytes(channel.expect(Kind.READY, 1 << 16, time.monotonic() + ACCOUNT_S))
        except (ProtocolError, DeadlineError) as error:
            if outcome is Outcome.FINISHED:
                raise MeterFault(f"the box gave no account of what it counted ({error}): the run is void", Reason.SILENT) from error
            return
        for meter in waiting:
            meter.hear(account)

    def _train(self, channel: Channel, watch: Attendant) -> Verdict:
        limits, cap = self._spec.caps.train, self._spec.caps.artifact_bytes
        try:
            kind, payload = channel.receive(max(cap, 1 << 16), time.monotonic() + limits.wall_s)
        except DeadlineError:
            return Verdict(Outcome.TIME_LIMIT, f"train() hadn't returned after {limits.wall_s:g} s, the track's wall-clock cap")
        except FrameTooLargeError as error:
            return Verdict(
                Outcome.BAD_ARTIFACT, f"the artifact is too large: {error}; the cap is {cap} bytes: prune, quantise or compress it"
            )
        except ProtocolError as error:
            if error.gone:
                raise
            return Verdict(Outcome.BAD_ARTIFACT, f"the box's answer broke the protocol: {error}")
        if kind is Kind.FAILED:
            message, outcome = scorer.failure(payload, TRAINING_REFUSALS, Outcome.RUNTIME_ERROR)
            return Verdict(outcome, message)
        if kind is not Kind.ARTIFACT:
            return Verdict(Outcome.BAD_ARTIFACT, f"the box sent {kind.name} where ARTIFACT is due")
        if not 0 < len(payload) <= cap:
            return Verdict(Outcome.BAD_ARTIFACT, f"train() returned {len(payload)} bytes; between 1 and {cap} are allowed on this track")
        return Verdict(Outcome.FINISHED, artifact=bytes(payload))

    def _score(self, channel: Channel, watch: Attendant, instance: Instance) -> Verdict:
        deadline = time.monotonic() + self._spec.caps.score.wall_s
        try:
            tally = scorer.score(channel, instance.held_out, instance.alphabet, deadline, watch.note)
        except scorer.ScoringError as error:
            return Verdict(error.outcome, str(error))
        return Verdict(Outcome.FINISHED, tally=tally)

    def _result(self, instance: Instance, trained: Phased, scored: Phased | None, prelude_s: float) -> TrialResult:
        last = scored or trained
        verdict, artifact = last.verdict, trained.verdict.artifact
        tally = verdict.tally if verdict.outcome is Outcome.FINISHED else None
        log = trained.end.log + (scored.end.log if scored else b"")
        cap = self._spec.caps.train.log_bytes
        return TrialResult(
            outcome=verdict.outcome,
            message=verdict.message,
            loss=tally.loss if tally else None,
            symbols=tally.symbols if tally else 0,
            train=trained.bill,
            score=scored.bill if scored else None,
            artifact_sha256=hashlib.sha256(artifact).hexdigest() if artifact is not None else None,
            artifact_bytes=len(artifact) if artifact is not None else 0,
            log=log[:cap],
            log_truncated=trained.end.log_truncated or (scored is not None and scored.end.log_truncated) or len(log) > cap,
            prelude_s=prelude_s,
            instance_digest=instance.digest,
        )

    def _limits(self, phase: Phase) -> BoxLimits:
        return self._spec.caps.train if phase is Phase.TRAIN else self._spec.caps.score

    def _box_spec(self, phase: Phase) -> BoxSpec:
        spec = self._spec
        name = f"{spec.name}-{phase}"
        return BoxSpec(name, phase, spec.bundle, spec.entrypoint, spec.prelude, spec.image, self._limits(phase), spec.labels)


def hand_over(send: Callable[[], None]) -> None:
    """Before the gate no entrant byte has run: what goes wrong there is ours."""
    try:
        send()
    except (ProtocolError, DeadlineError) as error:
        raise BoxFault(f"the box left before its gate opened: {error}") from error


def left_early(phase: Phase, end: BoxEnd) -> Verdict:
    """The harness was gone without a word: crashed, killed by the kernel, or by the entrant."""
    code = "unknown" if end.exit_code is None else str(end.exit_code)
    what, outcome = ("train() returned", Outcome.RUNTIME_ERROR) if phase is Phase.TRAIN else ("scoring was over", Outcome.SCORING_ERROR)
    return Verdict(outcome, f"the process ended before {what} (exit code {code}): see the log")


def over_cpu(phase: Phase, limits: BoxLimits) -> Verdict:
    """The CPU cap was passed."""
    outcome = Outcome.TIME_LIMIT if phase is Phase.TRAIN else Outcome.SCORING_LIMIT
    return Verdict(outcome, f"the {phase} phase used more than {limits.cpu_s:g} CPU seconds, the track's cap")
