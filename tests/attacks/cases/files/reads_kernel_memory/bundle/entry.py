"""Open /proc/kcore."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("open", lambda: os.open("/proc/kcore", os.O_RDONLY))
    return honest_train(data, seed=seed)
