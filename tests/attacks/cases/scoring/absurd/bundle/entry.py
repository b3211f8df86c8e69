"""Logits at the end of float32: finite, and so is the loss, but no bill could hold it."""

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.array([[-3e38, 3e38]], np.float32).repeat(len(inputs), 0)
