"""The process is gone in the middle."""

import os

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        self.asked = getattr(self, "asked", 0) + 1
        if self.asked == 3:
            os._exit(0)
        return np.zeros((len(inputs), 2), np.float32)
