"""An answer that declares 4 GiB."""

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
        say(frame(10, b"little", declared=(1 << 32) - 1))
        time.sleep(3600)
