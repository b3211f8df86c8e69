"""Byte-level language modelling of one text: chapters held out and bytes relabelled by secrets of the run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minjoule.contract import SequenceSet
from minjoule.problems import datasets
from minjoule.problems.base import HeldOutStreams, Instance, instance_digest, stream

STREAMS = 512
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Text:
    """The King James text. About a tenth of the chapters is held out and cut into ``STREAMS`` streams of equal length."""

    name: str = "text"
    unit: str = "bits per byte"

    def draw(self, key: bytes) -> Instance:
        """See Problem."""
        text, starts = datasets.kjv()
        names = stream(key, "bytes").permutation(256).astype(np.uint8)
        symbols = names[np.frombuffer(text, dtype=np.uint8)]
        ends = np.append(starts[1:], len(symbols))
        order = stream(key, "chapters").permutation(len(starts))
        count = round(len(starts) * HELD_OUT_SHARE)
        kept = [symbols[starts[chapter] : ends[chapter]] for chapter in np.sort(order[count:])]
        held = np.concatenate([symbols[starts[chapter] : ends[chapter]] for chapter in order[:count]])
        training = SequenceSet(np.concatenate(kept), begins(kept), 256)
        held_out = HeldOutStreams(in_streams(held))
        return Instance(training, held_out, 256, instance_digest(training, held_out))


def begins(documents: list[NDArray[np.uint8]]) -> NDArray[np.int64]:
    """Where each document begins when they're laid end to end."""
    return np.cumsum([0] + [len(document) for document in documents[:-1]], dtype=np.int64)


def in_streams(held: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut into equal streams, side by side: shape (steps + 1, STREAMS); at most STREAMS - 1 bytes at the end are dropped."""
    length = len(held) // STREAMS
    return np.ascontiguousarray(held[: length * STREAMS].reshape(STREAMS, length).T)
