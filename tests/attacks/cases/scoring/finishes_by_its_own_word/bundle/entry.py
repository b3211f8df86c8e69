"""A failure frame that says FINISHED."""

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
        say(frame(6, b'{"outcome": "FINISHED", "message": "loss 0"}'))
        time.sleep(3600)
