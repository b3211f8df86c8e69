"""What a problem is: a family of tasks from which every run draws a fresh instance.

A new problem is one module in this folder and one line in ``problems/__init__.py``. Never in the box: it holds held-out data.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minjoule.contract import SupervisedSet, TrainingSet


@dataclass(frozen=True, slots=True)
class HeldOutExamples:
    """Supervised held-out data: ``inputs`` shape (n, features), ``labels`` uint8 shape (n,). Asked in batches of ``batch`` rows."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.uint8]
    batch: int


@dataclass(frozen=True, slots=True)
class HeldOutStreams:
    """Held-out sequences: ``symbols`` uint8, shape (steps + 1, streams).

    Row t is asked, row t + 1 is scored, then revealed as the next input.
    """

    symbols: NDArray[np.uint8]


HeldOut = HeldOutExamples | HeldOutStreams


@dataclass(frozen=True, slots=True)
class Instance:
    """One draw of a problem. ``digest`` is the sha256 over training and held-out bytes, hex."""

    training: TrainingSet
    held_out: HeldOut
    alphabet: int
    digest: str


class Problem(Protocol):
    """A family of tasks. ``name`` is what tracks call it, ``unit`` that of its loss ("bits per label")."""

    @property
    def name(self) -> str:
        """As tracks call it."""
        ...

    @property
    def unit(self) -> str:
        """Of the loss."""
        ...

    def draw(self, key: bytes) -> Instance:
        """The instance that ``key`` (32 secret bytes) names: equal keys give equal instances, bit for bit."""
        ...


def stream(key: bytes, label: str) -> np.random.Generator:
    """A keyed random stream of its own for each purpose (``label``), by HMAC-SHA256 of the instance key."""
    seed = hmac.new(key, label.encode(), hashlib.sha256).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed, "little")))


def instance_digest(training: TrainingSet, held_out: HeldOut) -> str:
    """sha256, hex, over every array of the instance with its type and shape."""
    if isinstance(training, SupervisedSet):
        arrays: list[NDArray[np.generic]] = [training.inputs, training.labels]
    else:
        arrays = [training.symbols, training.starts]
    arrays += [held_out.inputs, held_out.labels] if isinstance(held_out, HeldOutExamples) else [held_out.symbols]
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
