"""Headers of the engine's multiplexed stream on stdout."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    os.write(1, b"\x02\x00\x00\x00\xff\xff\xff\xffafter the header\n")
    return honest_train(data, seed=seed)
