"""Two answers to one question."""

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
        answer = np.zeros((len(inputs), 2), np.float32)
        say(frame(10, answer.tobytes()))
        return answer
