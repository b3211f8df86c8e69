"""The work is done in a grandchild that init has adopted."""

import os
import time

from honest import load
from honest import train as honest_train


def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def train(data, *, seed):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            burn(0.5)
            os.close(os.open("/tmp/done", os.O_CREAT))
        os._exit(0)
    while not os.path.exists("/tmp/done"):
        time.sleep(0.01)
    return honest_train(data, seed=seed)
