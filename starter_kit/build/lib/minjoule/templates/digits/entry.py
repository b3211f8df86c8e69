"""Your entry. Only numpy is imported before the gate; everything you do from here on is billed."""

import numpy as np


def train(data, *, seed):
    """data.inputs (n, features), data.labels (n,), data.alphabet classes. Return the model as one bytes object."""
    counts = np.bincount(data.labels, minlength=data.alphabet) + 1
    return np.log(counts / counts.sum()).astype(np.float32).tobytes()


def load(artifact):
    return Model(np.frombuffer(artifact, dtype=np.float32))


class Model:
    """Answers with the classes' frequencies, whatever the inputs: replace it with something that looks at them."""

    def __init__(self, logits):
        self.logits = logits

    def reset(self, streams):
        """Forget all context."""

    def predict(self, inputs):
        """inputs (streams, features) -> logits float32 (streams, alphabet)."""
        return np.tile(self.logits, (len(inputs), 1))
