"""Close stdout and stderr."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    os.close(1)
    os.close(2)
    return honest_train(data, seed=seed)
