"""Take all the time but a little."""

import time

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    time.sleep(3.5)
    return honest_train(data, seed=seed)
