"""A flood on stdout."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for _ in range(200):
        os.write(1, b"y\n" * 32768)
    return honest_train(data, seed=seed)
