"""NaN logits."""

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.full((len(inputs), 2), np.nan, np.float32)
