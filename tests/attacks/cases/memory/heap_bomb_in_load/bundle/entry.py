"""Take memory while being scored."""

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    held = []
    while True:
        held.append(bytearray(b"x") * (16 << 20))


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.zeros((len(inputs), 2), np.float32)
