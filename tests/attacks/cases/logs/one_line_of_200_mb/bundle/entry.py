"""One line of 200 MB."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for _ in range(200):
        os.write(1, b"x" * 1_000_000)
    return honest_train(data, seed=seed)
