"""Walsh search: the parity of the secret triple is the one that agrees with the labels most."""

import numpy as np

ROWS = 200


def train(data, *, seed):
    signs = 1 - 2 * data.inputs[:ROWS].astype(np.float32)
    labels = 1 - 2 * data.labels[:ROWS].astype(np.float32)
    best, found = 0.0, (0, 1, 2)
    for first in range(signs.shape[1] - 2):
        rest = signs[:, first + 1 :]
        agreement = (rest * (signs[:, first] * labels)[:, None]).T @ rest  # every pair beside `first` at once
        np.fill_diagonal(agreement, 0)
        place = int(np.abs(agreement).argmax())
        second, third = divmod(place, rest.shape[1])
        if abs(agreement[second, third]) > best:
            best, found = abs(agreement[second, third]), (first, first + 1 + second, first + 1 + third)
    return bytes(found)


def load(artifact):
    return Rule(list(artifact))


class Rule:
    def __init__(self, bits):
        self.bits = bits
        self.logits = np.array([[4, -4], [-4, 4]], dtype=np.float32)

    def reset(self, streams):
        pass

    def predict(self, inputs):
        return self.logits[inputs[:, self.bits].sum(axis=1) % 2]
