"""Leave a double-forked daemon that goes on burning after the artifact was sent."""

import os
import time

import numpy as np


def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def train(data, *, seed):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            burn(0.15)
            os.close(os.open("/tmp/warm", os.O_CREAT))
            burn(60)
        os._exit(0)
    while not os.path.exists("/tmp/warm"):
        time.sleep(0.01)
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.zeros((len(inputs), 2), np.float32)
