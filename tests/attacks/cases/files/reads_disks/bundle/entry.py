"""Open /dev/sda."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("open", lambda: os.open("/dev/sda", os.O_RDONLY))
    return honest_train(data, seed=seed)
