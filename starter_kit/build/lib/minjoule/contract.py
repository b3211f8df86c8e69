"""What an entrant writes, and the training data they're given.

This module goes into the box with the harness; it knows nothing of hosts, held-out data or scoring.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SupervisedSet:
    """Labelled examples.

    Attributes:
        inputs: features, shape (n, features), uint8 or float32.
        labels: class of each example, uint8, shape (n,), each below ``alphabet``.
        alphabet: number of classes; logits have this many columns.
    """

    inputs: NDArray[np.generic]
    labels: NDArray[np.uint8]
    alphabet: int


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Documents of symbols, laid end to end.

    Attributes:
        symbols: uint8, shape (n,), each below ``alphabet``.
        starts: int64, shape (documents,): where each document begins in ``symbols``; ascending, first is 0.
        alphabet: number of distinct symbols that may occur; logits have this many columns.
    """

    symbols: NDArray[np.uint8]
    starts: NDArray[np.int64]
    alphabet: int


TrainingSet = SupervisedSet | SequenceSet


class Predictor(Protocol):
    """What ``load(artifact)`` returns: it answers for many independent streams at once."""

    def reset(self, streams: int) -> None:
        """Forget all context; the next ``predict`` is the first step of ``streams`` fresh streams."""

    def predict(self, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
        """Answer one step.

        Args:
            inputs: sequence problems: the previous symbol of each stream, uint8, shape (streams,);
                supervised problems: features, shape (streams, features).

        Returns:
            Unnormalised log-probabilities (natural logarithm), float32, shape (streams, alphabet). The scorer normalises.
        """
        ...
