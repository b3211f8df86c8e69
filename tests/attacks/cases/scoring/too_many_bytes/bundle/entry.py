"""An answer that is too long."""

import time

import numpy as np
from deeds import frame, say


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        say(frame(10, bytes(8 * len(inputs) + 8)))
        time.sleep(3600)
