"""A swarm in sessions of their own that outlives its parents."""

import os
import time

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    try:
        for _ in range(100):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(3600)
                os._exit(0)
    except BlockingIOError:
        print("the pid limit holds")
    return honest_train(data, seed=seed)
