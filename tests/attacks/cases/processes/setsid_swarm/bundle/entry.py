"""A swarm in sessions of their own that outlives its parents."""

import contextlib
import os
import time

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for _ in range(100):
        try:
            child = os.fork()
        except BlockingIOError:
            print("the pid limit holds")
            break
        if child == 0:
            os.setsid()
            with contextlib.suppress(BlockingIOError):
                os.fork()
            time.sleep(3600)
    return honest_train(data, seed=seed)
