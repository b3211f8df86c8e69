"""One attempt at a run on this machine: two boxes, two windows, one meter. The judge and ``minjoule try`` share it.

Where a meter ticks too slowly for one box, several share each window, one after another: see ``minjoule.floor``.
It knows no server and no queue. The entrant's failures are an Outcome; ours are raised (BoxFault, MeterFault).
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from minjoule import scorer
from minjoule.attendant import Attendant, Progress, WindowRules
from minjoule.box import Box, BoxEnd, BoxFactory, BoxLimits, BoxSpec, Phase, TrialCaps
from minjoule.conversation import (
    LEAVE_S,
    Allowance,
    Draw,
    Verdict,
    empty,
    give_artifact,
    hand_over,
    left_early,
    let_through,
    over_cpu,
    said_more,
    soon,
    too_much,
    work_left,
)
from minjoule.entrypoints import SCHEDULE
from minjoule.floor import PROBE, Sharing, boxes_due, floor_ns, repeat_seed, window_allowance_s
from minjoule.given import send_training
from minjoule.joint_meter import listeners
from minjoule.meter import Meter, MeterFault, Reason
from minjoule.outcome import Outcome
from minjoule.problems.base import Instance
from minjoule.protocol import Channel, DeadlineError, Kind, ProtocolError
from minjoule.window import Measurement, Trace, measure

__all__ = ["PhaseBill", "Progress", "Trial", "TrialCaps", "TrialResult", "TrialSpec", "TrialStopped", "WindowRules"]

ACCOUNT_S = 5.0


class TrialStopped(Exception):
    """``Trial.stop`` was called: the run isn't ours any more."""


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """What to carry out.

    Attributes:
        draw: makes the instance of a box, by its place in the window (PROBE for the probe), while the boxes start, outside every window.
            The keys never leave the caller.
        seed: goes to the entrant; unrelated to the key.
        expected_ns: how long one box takes, where it's known; 0 to find out, if the meters want to know.
    """

    name: str
    bundle: Path
    entrypoint: str
    prelude: tuple[str, ...]
    image: str
    draw: Callable[[int], Instance]
    seed: int
    caps: TrialCaps
    labels: dict[str, str] = field(default_factory=dict)
    expected_ns: int = 0


@dataclass(frozen=True, slots=True)
class PhaseBill:
    """What one window cost: begin is the opened gate, end the empty box. ``measurement`` is one box's part of ``trace``'s."""

    measurement: Measurement
    trace: Trace
    boxes: int = 1


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How a trial ended.

    Attributes:
        outcome: see Outcome; ``message`` says why in a sentence, for the entrant.
        loss: mean bits per held-out symbol, over all boxes; None unless FINISHED. Always finite.
        symbols: how many were scored.
        train: the train window's bill; always there.
        score: the scoring window's bill; None where there was nothing to score.
        artifact_sha256: hex, of the first box; None where there was no artifact. ``artifact_bytes`` is its size.
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
    sharing: Sharing

    @property
    def energy_uj(self) -> int:
        """The bill: train + load + every prediction, microjoules."""
        return self.train.measurement.energy_uj + (self.score.measurement.energy_uj if self.score else 0)


@dataclass(frozen=True, slots=True)
class Phased:
    """A phase with its verdict, each box's, its bill and the ways its boxes ended."""

    verdict: Verdict
    verdicts: tuple[Verdict, ...]
    bill: PhaseBill
    ends: tuple[BoxEnd, ...]

    @property
    def artifacts(self) -> tuple[bytes, ...]:
        """What was trained; nothing unless every box did."""
        good = self.verdict.outcome is Outcome.FINISHED
        return tuple(each.artifact for each in self.verdicts if each.artifact is not None and good)


class Trial:
    """A context: entering does nothing, ``carry_out`` runs both phases, leaving removes the boxes (after the report)."""

    def __init__(self, spec: TrialSpec, boxes: BoxFactory, meter: Meter, rules: WindowRules | None = None) -> None:
        self._spec = spec
        self._score_limits = spec.caps.score
        self._meter = meter
        self._rules = rules or WindowRules()
        self._idle_uw: int | None = None
        self._boxes = boxes
        self._made: list[Box] = []
        self._channels: list[Channel] = []
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for channel in list(self._channels):
            channel.close()
        for box in self._made:
            box.cleanup()

    def stop(self) -> None:
        """From another thread: break off. ``carry_out`` then raises TrialStopped."""
        self._stopped.set()
        for channel in list(self._channels):
            channel.abort()

    def carry_out(self, on_progress: Callable[[Progress], None]) -> TrialResult:
        """Train and score, once or as often as the meters' floor asks. Raises BoxFault, MeterFault, TrialStopped."""
        floor, expected = floor_ns(self._meter.channels), self._spec.expected_ns
        if floor and not expected:
            expected = self._probe(floor)
        began = time.monotonic()
        draws = self._stand(range(boxes_due(floor, expected) if floor else 1))
        prelude_s = time.monotonic() - began
        for draw in draws:
            hand_over(lambda draw=draw: send_training(draw.channels[Phase.TRAIN], draw.instance.training, soon()))  # type: ignore[misc]
        with ThreadPoolExecutor(1) as late:
            standing = [late.submit(self._stand_late, draw) for draw in draws if Phase.SCORE not in draw.channels]
            trained = self._run_phase(Phase.TRAIN, draws, floor, on_progress)
            for each in standing:
                each.result()
        scored = None
        if trained.verdict.outcome is Outcome.FINISHED:
            for draw, artifact in zip(draws, trained.artifacts, strict=True):
                hand_over(lambda draw=draw, artifact=artifact: give_artifact(draw, artifact))  # type: ignore[misc]
            scored = self._run_phase(Phase.SCORE, draws, floor, on_progress)
        return self._result(draws, trained, scored, (floor, expected if floor else 0), prelude_s)

    def _stand(self, places: Sequence[int]) -> list[Draw]:
        """Both boxes of each draw at their gates; the instances are drawn while the boxes start. Raises BoxFault, TrialStopped."""
        boxes = [{phase: self._boxes(self._box_spec(phase, place)) for phase in Phase} for place in places]
        self._made += [box for pair in boxes for box in pair.values()]
        first = tuple(Phase) if self._rules.both_at_gates else (Phase.TRAIN,)
        with ThreadPoolExecutor(2) as starters:
            starting = [{phase: starters.submit(pair[phase].prepare) for phase in first} for pair in boxes]
            instances = [self._spec.draw(place) for place in places]
            channels = [{phase: start.result() for phase, start in pair.items()} for pair in starting]
        self._channels += [channel for pair in channels for channel in pair.values()]
        self._score_limits = self._spec.caps.score_of(scorer.due(instances[0].held_out))
        if self._stopped.is_set():
            raise TrialStopped
        seeds = [repeat_seed(self._spec.seed, place) for place in places]
        return [Draw(*each) for each in zip(instances, seeds, boxes, channels, strict=True)]

    def _stand_late(self, draw: Draw) -> None:
        draw.channels[Phase.SCORE] = channel = draw.boxes[Phase.SCORE].prepare()
        self._channels.append(channel)

    def _probe(self, floor: int) -> int:
        """How long one box takes, nanoseconds, and no longer than the floor: on a draw of its own, which counts for nothing.

        It's run before any window, so what is decided by it is decided before a draw that counts has been seen.
        """
        (draw,) = self._stand([PROBE])
        until, lasted_ns = time.monotonic() + floor / 1e9, 0
        caps = replace(self._spec.caps, score=self._score_limits)
        hand_over(lambda: send_training(draw.channels[Phase.TRAIN], draw.instance.training, soon()))
        for phase in Phase:
            began_ns = time.monotonic_ns()
            verdict = let_through(phase, draw, caps, Allowance(until, ""), None)
            ended_ns: list[int] = []
            grace_s = LEAVE_S if verdict.outcome is Outcome.FINISHED else 0.0
            draw.boxes[phase].wait_empty(grace_s, lambda ended_ns=ended_ns: ended_ns.append(time.monotonic_ns()))  # type: ignore[misc]
            lasted_ns += ended_ns[0] - began_ns
            if self._stopped.is_set():
                raise TrialStopped
            if verdict.artifact is None or draw.boxes[phase].left_work:
                break
            artifact, left_s = verdict.artifact, (floor - lasted_ns) / 1e9
            hand_over(lambda artifact=artifact: give_artifact(draw, artifact))  # type: ignore[misc]
            until = time.monotonic() + left_s
        for box in draw.boxes.values():
            box.cleanup()
        return min(lasted_ns, floor)

    def _run_phase(self, phase: Phase, draws: Sequence[Draw], floor: int, on_progress: Callable[[Progress], None]) -> Phased:
        limits = self._limits(phase)
        first = draws[0]
        watch = Attendant(
            phase, first.boxes[phase], first.channels[phase], self._meter, limits.cpu_s, on_progress, self._rules, self._idle_uw
        )
        watch.begin()
        window_s = window_allowance_s(limits.wall_s, floor, len(draws))
        until = time.monotonic() + window_s if len(draws) > 1 else math.inf  # one box has its own caps, and their words
        allowance = Allowance(until, f"{len(draws)} boxes had {window_s:g} s in all, by the length of a first one")
        caps = replace(self._spec.caps, score=self._score_limits)
        verdicts: list[Verdict] = []
        leaving: list[Future[BoxEnd]] = []
        with watch, ThreadPoolExecutor(max(len(draws) - 1, 1)) as accounts:
            for place, draw in enumerate(draws):
                if place:
                    watch.turn_to(draw.boxes[phase], draw.channels[phase])
                note = partial(watch.note, place=place, boxes=len(draws))
                verdicts.append(let_through(phase, draw, caps, allowance, note))
                self._listen(draw.channels[phase], verdicts[-1])
                good, box = verdicts[-1].outcome is Outcome.FINISHED, draw.boxes[phase]
                if not good or draw is draws[-1] or watch.cpu_spent:
                    grace_s = LEAVE_S if good or verdicts[-1].left else 0.0
                    end = box.wait_empty(grace_s, watch.close)
                    break
                leaving.append(empty(box, accounts))
                if box.left_work:  # the boxes that still wait are gone with it
                    watch.close()
                    end = leaving.pop().result()
                    break
        if self._stopped.is_set():
            raise TrialStopped
        watch.settle()
        self._idle_uw = watch.idle_uw
        trace = watch.trace()
        bill = PhaseBill(measure(trace).shared(len(verdicts)), trace, len(verdicts))
        ends = (*(each.result() for each in leaving), end)
        return Phased(self._judged(phase, draws, verdicts, end, spent=watch.cpu_spent), tuple(verdicts), bill, ends)

    def _listen(self, channel: Channel, verdict: Verdict) -> None:
        """The harness's last word on a window, where a meter bills by it. Whoever is ended by us has no last word. Raises MeterFault.

        A schedule's harness gives its account whatever the meter: it's taken here, for it isn't more than was asked for.
        """
        waiting, outcome = listeners(self._meter), verdict.outcome
        if verdict.left or outcome in (Outcome.TIME_LIMIT, Outcome.SCORING_LIMIT):
            return
        if not waiting and (self._spec.entrypoint != SCHEDULE or outcome is not Outcome.FINISHED):
            return
        try:
            account = bytes(channel.expect(Kind.READY, 1 << 16, time.monotonic() + ACCOUNT_S))
        except (ProtocolError, DeadlineError) as error:
            if waiting and outcome is Outcome.FINISHED:
                raise MeterFault(f"the box gave no account of what it counted ({error}): the run is void", Reason.SILENT) from error
            return
        for meter in waiting:
            meter.hear(account)

    def _judged(self, phase: Phase, draws: Sequence[Draw], verdicts: Sequence[Verdict], end: BoxEnd, *, spent: bool) -> Verdict:
        """The phase's verdict: the last box's, for whatever fails is the last; caps that the kernel and we hold come first."""
        verdict, limits = verdicts[-1], self._limits(phase)
        if spent:
            return over_cpu(phase, limits)
        if verdict.left:
            verdict = left_early(phase, end)
        elif verdict.outcome is Outcome.FINISHED and any(said_more(draw.channels[phase]) for draw in draws):
            return too_much(phase)
        elif verdict.outcome is Outcome.FINISHED and any(draw.boxes[phase].left_work for draw in draws):
            return work_left(phase)
        if end.oom_killed and verdict.outcome is not Outcome.FINISHED:
            return Verdict(Outcome.MEMORY_LIMIT, f"the kernel killed for memory: the cap is {limits.memory_bytes} bytes; use less")
        return verdict

    def _result(
        self, draws: Sequence[Draw], trained: Phased, scored: Phased | None, lengths: tuple[int, int], prelude_s: float
    ) -> TrialResult:
        last = scored or trained
        verdict = last.verdict
        finished = scored is not None and verdict.outcome is Outcome.FINISHED
        tallies = [each.tally for each in scored.verdicts if each.tally] if scored and finished else []
        digests = tuple(hashlib.sha256(artifact).hexdigest() for artifact in trained.artifacts)
        ends, cap = (*trained.ends, *(scored.ends if scored else ())), self._spec.caps.train.log_bytes
        log = b"".join(each.log for each in ends)
        sharing = Sharing(
            *lengths,
            train=trained.bill.boxes,
            score=scored.bill.boxes if scored else 0,
            losses=tuple(tally.loss for tally in tallies if tally.loss is not None),
            instances=tuple(draw.instance.digest for draw in draws),
            artifacts=digests,
        )
        return TrialResult(
            outcome=verdict.outcome,
            message=verdict.message,
            loss=sharing.loss,
            symbols=sum(tally.symbols for tally in tallies),
            train=trained.bill,
            score=scored.bill if scored else None,
            artifact_sha256=digests[0] if digests else None,
            artifact_bytes=len(trained.artifacts[0]) if digests else 0,
            log=log[:cap],
            log_truncated=any(each.log_truncated for each in ends) or len(log) > cap,
            prelude_s=prelude_s,
            instance_digest=draws[0].instance.digest,
            sharing=sharing,
        )

    def _limits(self, phase: Phase) -> BoxLimits:
        return self._spec.caps.train if phase is Phase.TRAIN else self._score_limits

    def _box_spec(self, phase: Phase, place: int) -> BoxSpec:
        spec = self._spec
        name = f"{spec.name}-{phase}" + (f"-{place}" if place > 0 else "-probe" if place == PROBE else "")
        return BoxSpec(name, phase, spec.bundle, spec.entrypoint, spec.prelude, spec.image, self._limits(phase), spec.labels)
