"""Byte-level language modelling of a text: documents held out and bytes relabelled by secrets of the run."""

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
    """A text of many documents: the King James text, or a data set that the host's owner imported.

    About a tenth of the documents is held out, at most ``held_out_bytes``, and cut into ``STREAMS`` streams of equal length.
    """

    dataset: str = "kjv"
    held_out_bytes: int | None = None
    name: str = "text"
    unit: str = "bits per byte"

    def draw(self, key: bytes) -> Instance:
        """See Problem."""
        text, starts = datasets.kjv() if self.dataset == "kjv" else datasets.imported(self.dataset)
        names = stream(key, "bytes").permutation(256).astype(np.uint8)
        symbols = names[np.frombuffer(text, dtype=np.uint8)]
        ends = np.append(starts[1:], len(symbols))
        order = stream(key, "chapters").permutation(len(starts))
        count = round(len(starts) * HELD_OUT_SHARE)
        if self.held_out_bytes is not None:
            count = min(count, 1 + int(np.searchsorted(np.cumsum((ends - starts)[order]), self.held_out_bytes)))
        kept = [symbols[starts[chapter] : ends[chapter]] for chapter in np.sort(order[count:])]
        held = np.concatenate([symbols[starts[chapter] : ends[chapter]] for chapter in order[:count]])
        training = SequenceSet(np.concatenate(kept), begins(kept), 256)
        held_out = HeldOutStreams(in_streams(held[: self.held_out_bytes]))
        return Instance(training, held_out, 256, instance_digest(training, held_out))


def begins(documents: list[NDArray[np.uint8]]) -> NDArray[np.int64]:
    """Where each document begins when they're laid end to end."""
    return np.cumsum([0] + [len(document) for document in documents[:-1]], dtype=np.int64)


def in_streams(held: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut into equal streams, side by side: shape (steps + 1, STREAMS); at most STREAMS - 1 bytes at the end are dropped."""
    length = len(held) // STREAMS
    return np.ascontiguousarray(held[: length * STREAMS].reshape(STREAMS, length).T)
