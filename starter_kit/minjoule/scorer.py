"""The scorer: asks, waits for the answer, and only then learns what the entrant may know of the truth.

Trusted, outside the box. It normalises the entrant's logits itself (float32 exponentials, float64 sums), so peeking and
unnormalised distributions are impossible by construction. It knows no meter and no server.
"""

import json
import math
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minjoule.outcome import Outcome
from minjoule.problems.base import HeldOut, HeldOutStreams
from minjoule.protocol import Channel, DeadlineError, Kind, ProtocolError
from minjoule.shown import shown

MESSAGE_CHARS = 2000
MOST_BITS = 1e6  # a symbol; no model that means it comes near, and no report takes 1e9
NARROW = 32.0
REFUSALS = {Outcome.SCORING_ERROR, Outcome.MEMORY_LIMIT, Outcome.DISK_LIMIT}


class ScoringError(Exception):
    """The entrant's answers can't be scored; ``outcome`` is the verdict."""

    def __init__(self, message: str, outcome: Outcome = Outcome.SCORING_ERROR) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Question:
    """One step: ``reset`` streams first (None: go on), then ``inputs``; ``truth`` is uint8, shape (streams,)."""

    reset: int | None
    inputs: memoryview
    truth: NDArray[np.uint8]


@dataclass(slots=True)
class Tally:
    """Bits lost so far over so many symbols, of ``due`` in all."""

    due: int
    bits: float = 0.0
    symbols: int = 0

    @property
    def loss(self) -> float | None:
        """Mean bits per symbol; None before the first."""
        return self.bits / self.symbols if self.symbols else None


def questions(held_out: HeldOut) -> Iterator[Question]:
    """The held-out data as steps: every batch of examples afresh, or all streams one symbol further."""
    if isinstance(held_out, HeldOutStreams):
        symbols = np.ascontiguousarray(held_out.symbols)
        for step in range(len(symbols) - 1):
            yield Question(symbols.shape[1] if step == 0 else None, symbols[step].data, symbols[step + 1])
        return
    for begin in range(0, len(held_out.labels), held_out.batch):
        truth = held_out.labels[begin : begin + held_out.batch]
        inputs = np.ascontiguousarray(held_out.inputs[begin : begin + held_out.batch])
        yield Question(len(truth), inputs.data.cast("B"), truth)


def due(held_out: HeldOut) -> int:
    """How many symbols will be scored."""
    if isinstance(held_out, HeldOutStreams):
        return (len(held_out.symbols) - 1) * int(held_out.symbols.shape[1])
    return len(held_out.labels)


class Room:
    """Arrays for answers of one shape (streams, alphabet), used again for every step: fresh ones cost more than the arithmetic."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.logits = np.empty(shape, "<f4")
        self.shares = np.empty(shape, np.float32)
        self.rows = np.arange(shape[0])


def bits_lost(logits: NDArray[np.float32], truth: NDArray[np.uint8], room: Room | None = None) -> float:
    """Sum of -log2 p(truth), the softmax of ``logits`` (streams, alphabet) being p. Raises ScoringError on non-finite logits.

    Each exponential is taken relative to its row's greatest logit; where all logits lie within ``NARROW``, relative to the
    greatest of all, which is cheaper: the rounding of a difference below 32 changes a share by less than 2^-19 of itself.
    """
    room = room or Room((logits.shape[0], logits.shape[1]))
    greatest, least = logits.max(), logits.min()
    if not (math.isfinite(greatest) and math.isfinite(least)):
        row = int(np.argmin(np.isfinite(logits).all(axis=1)))
        seen = logits[row][~np.isfinite(logits[row])][0]
        raise ScoringError(f"predict() returned {seen} in stream {row}: every logit must be finite")
    narrow = float(greatest) - float(least) < NARROW
    top = greatest if narrow else logits.max(axis=1)
    with np.errstate(over="ignore"):  # a difference beyond float32 is -inf here, and its exponential 0
        np.subtract(logits, top if narrow else top[:, None], out=room.shares)
        np.exp(room.shares, out=room.shares)
    chosen = logits[room.rows, truth].astype(np.float64) - top.astype(np.float64)
    # einsum, for a matrix product may start threads that spin on a metered host
    nats = np.log(np.einsum("ij->i", room.shares, dtype=np.float64)) - chosen
    return float(nats.sum()) / math.log(2)


def score(
    channel: Channel, held_out: HeldOut, alphabet: int, deadline: float, on_step: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Stream the held-out data through the box that stands behind ``channel``, its gate open.

    The next inputs leave as soon as the previous answer is all here; its loss is computed while the box works on.

    Raises:
        ScoringError: the entrant's code failed, answered wrongly, or passed ``deadline`` (on ``time.monotonic``).
        ProtocolError: ``gone``: the box has left; why is the box's to say.
    """
    tally, room = Tally(due(held_out)), Room((0, alphabet))
    unread = select.poll()
    unread.register(channel.fileno(), select.POLLIN)
    try:
        refuse_unless(*channel.receive(1 << 16, deadline), Kind.LOADED)
        steps = questions(held_out)
        current = next(steps, None)
        if current is not None:
            refuse_early(channel, unread, deadline)
            ask(channel, current, deadline)
        while current is not None:
            if len(room.logits) != len(current.truth):
                room = Room((len(current.truth), alphabet))
            refuse_unless(*channel.receive_into(Kind.LOGITS, room.logits.data.cast("B"), deadline), Kind.LOGITS)
            following = next(steps, None)
            if following is not None:
                refuse_early(channel, unread, deadline)
                ask(channel, following, deadline)
            count(tally, bits_lost(room.logits, current.truth, room), len(current.truth))
            on_step(tally)
            current = following
        channel.send(Kind.END, deadline=deadline)
    except DeadlineError:
        answered = f"{tally.symbols} of {tally.due} symbols were scored"
        raise ScoringError(
            f"scoring passed its wall-clock cap; {answered}: make load() and predict() faster", Outcome.SCORING_LIMIT
        ) from None
    except ProtocolError as error:
        if error.gone:
            raise
        raise ScoringError(f"the box's answer broke the protocol: {error}") from error
    return tally


def count(tally: Tally, bits: float, symbols: int) -> None:
    """Add a step. Raises ScoringError on a mean that is finite and absurd."""
    tally.bits += bits
    tally.symbols += symbols
    if tally.bits > MOST_BITS * tally.symbols:
        raise ScoringError(
            f"the loss is {tally.bits / tally.symbols:.3g} bits a symbol, at most {MOST_BITS:g} are counted: scale the logits"
        )


def refuse_early(channel: Channel, unread: select.poll, deadline: float) -> None:
    """Raise ScoringError when bytes are there that answer no question. A box that has left (POLLHUP) is noticed by the next read."""
    seen = unread.poll(0)
    if not seen or seen[0][1] & (select.POLLHUP | select.POLLERR):
        return
    kind, payload = channel.receive(1 << 16, deadline)
    if kind is Kind.FAILED:
        raise ScoringError(*failure(payload, REFUSALS, Outcome.SCORING_ERROR))
    raise ScoringError(f"the box sent {kind.name} before it was asked: one answer after each question is due")


def ask(channel: Channel, question: Question, deadline: float) -> None:
    """Send one question."""
    if question.reset is not None:
        channel.send_json(Kind.RESET, {"streams": question.reset}, deadline)
    channel.send(Kind.INPUTS, question.inputs, deadline)


def refuse_unless(kind: Kind, payload: bytearray, wanted: Kind) -> None:
    """Raise ScoringError for a FAILED frame or one out of turn; the entrant may only choose among its own failures."""
    if kind is wanted:
        return
    if kind is Kind.FAILED:
        raise ScoringError(*failure(payload, REFUSALS, Outcome.SCORING_ERROR))
    raise ScoringError(f"the box sent {kind.name} where {wanted.name} is due")


def failure(payload: bytearray, allowed: set[Outcome], default: Outcome) -> tuple[str, Outcome]:
    """Message and verdict of a FAILED frame: hostile text, cut, and a verdict only from ``allowed``."""
    try:
        said = json.loads(payload)
        message, outcome = shown(str(said["message"])[:MESSAGE_CHARS]), str(said["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "the entrant's code failed, and the harness's word of it is unreadable", default
    return message, Outcome(outcome) if outcome in {str(verdict) for verdict in allowed} else default
