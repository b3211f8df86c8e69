"""Put objects that raise in the place of stdout and stderr."""

import sys

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    sys.stdout = sys.stderr = object()
    return honest_train(data, seed=seed)
