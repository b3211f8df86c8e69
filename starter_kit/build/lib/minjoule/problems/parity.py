"""Sparse parity: three secret bits among 64; labels lie in a fifth of the training rows. The tutorial."""

from dataclasses import dataclass

import numpy as np

from minjoule.contract import SupervisedSet
from minjoule.problems.base import HeldOutExamples, Instance, instance_digest, stream

BITS = 64
SECRET = 3
NOISE = 0.2
TRAINING_ROWS = 4000
HELD_OUT_ROWS = 2000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Parity:
    """See the module's docstring. Inputs uint8 0/1, shape (n, 64); alphabet 2."""

    name: str = "parity"
    unit: str = "bits per label"

    def draw(self, key: bytes) -> Instance:
        """See Problem."""
        secret = stream(key, "bits").choice(BITS, SECRET, replace=False)
        rows = stream(key, "rows").integers(0, 2, (TRAINING_ROWS + HELD_OUT_ROWS, BITS), dtype=np.uint8)
        labels = (rows[:, secret].sum(axis=1) % 2).astype(np.uint8)
        lies = stream(key, "noise").random(TRAINING_ROWS) < NOISE
        training = SupervisedSet(rows[:TRAINING_ROWS], labels[:TRAINING_ROWS] ^ lies.astype(np.uint8), 2)
        held_out = HeldOutExamples(rows[TRAINING_ROWS:], labels[TRAINING_ROWS:], BATCH)
        return Instance(training, held_out, 2, instance_digest(training, held_out))
