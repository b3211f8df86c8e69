"""Logits of another shape."""

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.zeros((len(inputs), 3), np.float32)
