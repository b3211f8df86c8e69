"""One allocation beyond all there is."""

import numpy as np


def train(data, *, seed):
    return np.ones(1 << 40).tobytes()
