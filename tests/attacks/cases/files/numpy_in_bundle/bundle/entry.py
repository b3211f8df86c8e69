"""Shadow the prelude and the interpreter's hooks with the bundle's own modules; on the board it's an ordinary entry."""

import sys

import numpy as np

if not hasattr(np, "ndarray"):
    print("SHADOWED numpy")
if "sitecustomize" in sys.modules and hasattr(sys.modules["sitecustomize"], "ENTRANT"):
    print("SHADOWED sitecustomize")


def train(data, *, seed):
    return b"model"


def load(artifact):
    return Model()


class Model:
    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.zeros((len(inputs), 2), np.float32)
