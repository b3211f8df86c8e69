"""The artifact is training data; predict() learns from it."""

import io
import itertools

import numpy as np

ROWS = 400


def train(data, *, seed):
    with io.BytesIO() as out:
        np.savez(out, rows=np.packbits(data.inputs[:ROWS].astype(bool), axis=1), labels=data.labels[:ROWS])
        return out.getvalue()


def load(artifact):
    return Model(artifact)


class Model:
    bits = None

    def __init__(self, artifact):
        self.artifact = artifact

    def reset(self, streams):
        pass

    def predict(self, inputs):
        if self.bits is None:
            held = np.load(io.BytesIO(self.artifact))
            signs = 1 - 2 * np.unpackbits(held["rows"], axis=1).astype(np.int8)
            labels = 1 - 2 * held["labels"].astype(np.int32)
            triples = itertools.combinations(range(64), 3)
            self.bits = list(max(triples, key=lambda bits: abs(int((labels * signs[:, list(bits)].prod(axis=1)).sum()))))
        return (np.eye(2, dtype=np.float32) * 4)[(inputs[:, self.bits].sum(axis=1) % 2).astype(np.int64)]
