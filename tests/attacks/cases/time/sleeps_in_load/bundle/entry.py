"""load() never returns."""

import time

import numpy as np


def train(data, *, seed):
    return b"model"


def load(artifact):
    time.sleep(3600)


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.zeros((len(inputs), 2), np.float32)
