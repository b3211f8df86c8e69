"""The scorer against an oracle, and against answers that can't be scored."""

import json
import math
import socket
import struct
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import log_softmax

from minjoule.outcome import Outcome
from minjoule.problems.base import HeldOutExamples, HeldOutStreams
from minjoule.protocol import Channel, Kind, ProtocolError
from minjoule.scorer import ScoringError, Tally, bits_lost, due, failure, questions, score

FINITE = st.floats(-1e4, 1e4, width=32)


@given(logits=hnp.arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 30)), elements=FINITE), data=st.data())
def test_bits_agree_with_the_softmax_in_double_precision(logits: np.ndarray, data: st.DataObject) -> None:
    truth = np.array([data.draw(st.integers(0, logits.shape[1] - 1)) for _ in logits], np.uint8)
    expected = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(truth)), truth].sum() / math.log(2)
    assert bits_lost(logits, truth) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_the_uniform_prediction_costs_the_alphabet() -> None:
    assert bits_lost(np.zeros((4, 256), np.float32), np.arange(4, dtype=np.uint8)) == pytest.approx(32)


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[3e38, -3e38]], np.float32)
    assert bits_lost(logits, np.array([0], np.uint8)) == 0
    assert math.isfinite(bits_lost(logits, np.array([1], np.uint8)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_non_finite_logit_is_refused_with_its_stream(bad: float) -> None:
    logits = np.zeros((3, 4), np.float32)
    logits[2, 1] = bad
    with pytest.raises(ScoringError, match=f"returned {bad} in stream 2"):
        bits_lost(logits, np.zeros(3, np.uint8))


def with_box(answer: Callable[[Channel], None], held_out: HeldOutExamples | HeldOutStreams, alphabet: int, within: float = 10) -> Tally:
    """Score against ``answer``, which plays the box on a thread of its own."""
    ours, theirs = socket.socketpair()
    channel, peer = Channel(ours), Channel(theirs)
    box = threading.Thread(target=lambda: (answer(peer), peer.close()), daemon=True)
    box.start()
    try:
        return score(channel, held_out, alphabet, time.monotonic() + within)
    finally:
        channel.close()
        box.join(10)


STREAMS = HeldOutStreams(np.array([[1, 2], [3, 0], [2, 2]], np.uint8))


def test_each_symbol_is_revealed_only_after_its_prediction_has_arrived() -> None:
    order: list[str] = []

    def answer(channel: Channel) -> None:
        channel.send(Kind.LOADED)
        while True:
            kind, payload = channel.receive(1000)
            if kind is Kind.END:
                return
            order.append(kind.name if kind is Kind.RESET else payload.hex())
            if kind is Kind.INPUTS:
                order.append("answered")
                channel.send(Kind.LOGITS, np.zeros((2, 4), np.float32).tobytes())

    tally = with_box(answer, STREAMS, 4)
    assert order == ["RESET", "0102", "answered", "0300", "answered"]  # the last row is never sent
    assert (tally.loss, tally.symbols) == (2, 4)


def test_examples_are_asked_in_batches_each_after_a_reset() -> None:
    held_out = HeldOutExamples(np.arange(10, dtype=np.float32).reshape(5, 2), np.arange(5, dtype=np.uint8), batch=2)
    asked = [(question.reset, len(question.inputs), question.truth.tolist()) for question in questions(held_out)]
    assert asked == [(2, 16, [0, 1]), (2, 16, [2, 3]), (1, 8, [4])]
    assert due(held_out) == 5


def refused(answer: Callable[[Channel], None], match: str, outcome: Outcome = Outcome.SCORING_ERROR, within: float = 10) -> None:
    with pytest.raises(ScoringError, match=match) as caught:
        with_box(answer, STREAMS, 4, within)
    assert caught.value.outcome is outcome


def loaded_then(*frames: bytes) -> Callable[[Channel], None]:
    def answer(channel: Channel) -> None:
        channel.send(Kind.LOADED)
        channel.receive(1000)
        channel.receive(1000)
        for frame in frames:
            kind, payload = frame[0], frame[1:]
            channel.send(Kind(kind), payload)
        time.sleep(0.3)

    return answer


def test_logits_of_another_length_are_refused() -> None:
    refused(loaded_then(bytes([Kind.LOGITS]) + bytes(12)), "declares 12 bytes where 32 are due")


def test_an_answer_out_of_turn_is_refused() -> None:
    refused(loaded_then(bytes([Kind.ARTIFACT]) + b"x"), "sent ARTIFACT where LOGITS is due")


def test_no_answer_is_a_scoring_limit() -> None:
    refused(loaded_then(), "0 of 4 symbols were scored", Outcome.SCORING_LIMIT, within=0.2)


def test_a_failure_keeps_its_message_and_may_not_choose_a_fault() -> None:
    said = json.dumps({"outcome": "FINISHED", "message": "ValueError: no"}).encode()
    refused(loaded_then(bytes([Kind.FAILED]) + said), "ValueError: no")


def test_an_unreadable_failure_is_still_a_verdict() -> None:
    refused(loaded_then(bytes([Kind.FAILED]) + b"\xff{"), "unreadable")


def test_a_huge_declared_length_is_refused_without_allocating() -> None:
    def answer(channel: Channel) -> None:
        channel.send(Kind.LOADED)
        channel._sock.setblocking(True)
        channel._sock.sendall(struct.pack("<BI", Kind.FAILED, 1 << 31))
        time.sleep(0.2)

    refused(answer, "over the cap")


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (Kind.LOGITS, bytes(32), "sent LOGITS before it was asked"),
        (Kind.FAILED, b'{"outcome": "SCORING_ERROR", "message": "no"}', "no"),
    ],
)
def test_an_answer_before_its_question_is_refused(kind: Kind, payload: bytes, said: str) -> None:
    ours, theirs = socket.socketpair()
    channel, peer = Channel(ours), Channel(theirs)
    peer.send(Kind.LOADED)
    peer.send(kind, payload)
    with pytest.raises(ScoringError, match=said):
        score(channel, STREAMS, 4, time.monotonic() + 5)
    channel.close()
    peer.close()


def test_a_loss_beyond_all_reason_is_refused() -> None:
    def answer(channel: Channel) -> None:
        channel.send(Kind.LOADED)
        channel.receive(1000)
        channel.receive(1000)
        channel.send(Kind.LOGITS, np.array([[-3e38, 3e38, 3e38, 3e38]] * 2, np.float32).data)
        time.sleep(0.3)

    refused(answer, "bits a symbol, at most 1e")


def test_a_failures_text_is_made_storable() -> None:
    said, _ = failure(bytearray(b'{"outcome": "x", "message": "a\\u0000b\\ud800c\\u001b\\u202e\\n"}'), set(), Outcome.SCORING_ERROR)
    assert said == "a\ufffdb\ufffdc\ufffd\ufffd\n"


def test_a_box_that_leaves_is_not_judged_here() -> None:
    with pytest.raises(ProtocolError) as caught:
        with_box(lambda channel: channel.send(Kind.LOADED), STREAMS, 4)
    assert caught.value.gone
