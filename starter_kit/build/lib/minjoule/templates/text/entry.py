"""Your entry: byte bigrams. Only numpy is imported before the gate; everything you do from here on is billed."""

import numpy as np


def train(data, *, seed):
    """data.symbols (n,) uint8, data.starts where documents begin, data.alphabet symbols. Return the model as one bytes object."""
    pairs = data.symbols[:-1].astype(np.int64) * data.alphabet + data.symbols[1:]
    counts = np.bincount(pairs, minlength=data.alphabet**2).reshape(data.alphabet, -1) + 0.01
    return np.log(counts / counts.sum(axis=1, keepdims=True)).astype(np.float32).tobytes()


def load(artifact):
    return Model(np.frombuffer(artifact, dtype=np.float32).reshape(256, 256))


class Model:
    """One table: the next byte given the last."""

    def __init__(self, logits):
        self.logits = logits

    def reset(self, streams):
        """Forget all context; ``streams`` fresh streams follow."""

    def predict(self, inputs):
        """inputs: the previous symbol of each stream, uint8 (streams,) -> logits float32 (streams, 256)."""
        return self.logits[inputs]
