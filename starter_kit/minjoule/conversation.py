"""What the host and one box say to each other through its gate, before it opens and after: the way from a draw to a verdict.

It knows no window and no meter.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from minjoule import scorer
from minjoule.box import Box, BoxEnd, BoxFault, BoxLimits, Phase, TrialCaps
from minjoule.given import send_artifact
from minjoule.outcome import Outcome
from minjoule.problems.base import Instance
from minjoule.protocol import Channel, DeadlineError, FrameTooLargeError, Kind, ProtocolError

TRAINING_REFUSALS = {Outcome.RUNTIME_ERROR, Outcome.BAD_ARTIFACT, Outcome.MEMORY_LIMIT, Outcome.DISK_LIMIT}
HAND_OVER_S = 30.0
LEAVE_S = 2.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one box ended; ``artifact`` after training, ``tally`` after scoring; ``left`` if it went without a word."""

    outcome: Outcome
    message: str = ""
    artifact: bytes | None = None
    tally: scorer.Tally | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """One instance with its two boxes, and the channels of those that stand at their gates."""

    instance: Instance
    seed: int
    boxes: Mapping[Phase, Box]
    channels: dict[Phase, Channel]


@dataclass(frozen=True, slots=True)
class Allowance:
    """By when a whole window must be over, and what is said of it."""

    until: float
    said: str


def let_through(phase: Phase, draw: Draw, caps: TrialCaps, allowance: Allowance, note: Callable[[scorer.Tally], None] | None) -> Verdict:
    """Open one box's gate and hear what comes of it. Raises BoxFault."""
    channel = draw.channels[phase]
    hand_over(lambda: channel.send_json(Kind.OPEN, {"seed": draw.seed}, soon()))
    try:
        if phase is Phase.TRAIN:
            return train(channel, caps, allowance)
        return score(channel, draw.instance, caps, allowance, note)
    except ProtocolError:
        return Verdict(Outcome.RUNTIME_ERROR, left=True)


def train(channel: Channel, caps: TrialCaps, allowance: Allowance) -> Verdict:
    """Wait for the artifact. Raises ProtocolError where the box is gone."""
    limits, cap = caps.train, caps.artifact_bytes
    own = time.monotonic() + limits.wall_s
    try:
        kind, payload = channel.receive(max(cap, 1 << 16), min(own, allowance.until))
    except DeadlineError:
        said = f"train() hadn't returned after {limits.wall_s:g} s, the track's wall-clock cap"
        return Verdict(Outcome.TIME_LIMIT, said if own <= allowance.until else f"train() was too slow: {allowance.said}")
    except FrameTooLargeError as error:
        return Verdict(Outcome.BAD_ARTIFACT, f"the artifact is too large: {error}; the cap is {cap} bytes: prune, quantise or compress it")
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


def score(
    channel: Channel, instance: Instance, caps: TrialCaps, allowance: Allowance, note: Callable[[scorer.Tally], None] | None
) -> Verdict:
    """Ask every question. Raises ProtocolError where the box is gone."""
    deadline = min(time.monotonic() + caps.score.wall_s, allowance.until)
    try:
        tally = scorer.score(channel, instance.held_out, instance.alphabet, deadline, note or ignore)
    except scorer.ScoringError as error:
        return Verdict(error.outcome, str(error))
    return Verdict(Outcome.FINISHED, tally=tally)


def hand_over(send: Callable[[], None]) -> None:
    """Before the gate no entrant byte has run: what goes wrong there is ours."""
    try:
        send()
    except (ProtocolError, DeadlineError) as error:
        raise BoxFault(f"the box left before its gate opened: {error}") from error


def give_artifact(draw: Draw, artifact: bytes) -> None:
    """What was trained on a draw, to the box that is scored on it."""
    send_artifact(draw.channels[Phase.SCORE], artifact, draw.instance, soon())


def soon() -> float:
    """By when a box that waits must have taken what it's given."""
    return time.monotonic() + HAND_OVER_S


def ignore(tally: scorer.Tally) -> None:
    """A probe's figures count for nothing."""


def empty(box: Box, accounts: ThreadPoolExecutor) -> "Future[BoxEnd]":
    """Return the moment no process is left in a box; the engine's account of it comes later, while the next box runs."""
    emptied = threading.Event()
    leaving = accounts.submit(box.wait_empty, LEAVE_S, emptied.set)
    leaving.add_done_callback(lambda _: emptied.set())  # it may have failed
    emptied.wait()
    if leaving.done():
        leaving.result()
    return leaving


def said_more(channel: Channel) -> bool:
    """Whether bytes are there that nobody asked for. The box is empty, so this never waits."""
    try:
        return bool(os.read(channel.fileno(), 1))
    except OSError:
        return False


def work_left(phase: Phase) -> Verdict:
    """Shaders went on when the page had ended."""
    return Verdict(
        Outcome.RUNTIME_ERROR,
        f"{phase} left work on the graphics processor that had to be ended by force: await what you submit (queue.onSubmittedWorkDone)",
    )


def too_much(phase: Phase) -> Verdict:
    """The box sent more than it was asked for."""
    if phase is Phase.TRAIN:
        return Verdict(Outcome.BAD_ARTIFACT, "the box sent more than one artifact: train() returns it once, and sends nothing itself")
    return Verdict(
        Outcome.SCORING_ERROR, "the box sent more answers than it was asked for: predict() returns one, and sends nothing itself"
    )


def left_early(phase: Phase, end: BoxEnd) -> Verdict:
    """The harness was gone without a word: crashed, killed by the kernel, or by the entrant."""
    if phase is Phase.TRAIN and end.exit_code == 0:
        return Verdict(
            Outcome.BAD_ARTIFACT, "the process left in good order (exit code 0), but no whole artifact had come: return it from train()"
        )
    code = "unknown" if end.exit_code is None else str(end.exit_code)
    what, outcome = ("train() returned", Outcome.RUNTIME_ERROR) if phase is Phase.TRAIN else ("scoring was over", Outcome.SCORING_ERROR)
    return Verdict(outcome, f"the process ended before {what} (exit code {code}): see the log")


def over_cpu(phase: Phase, limits: BoxLimits) -> Verdict:
    """The CPU cap was passed."""
    outcome = Outcome.TIME_LIMIT if phase is Phase.TRAIN else Outcome.SCORING_LIMIT
    return Verdict(outcome, f"the {phase} phase used more than {limits.cpu_s:g} CPU seconds, the track's cap")
