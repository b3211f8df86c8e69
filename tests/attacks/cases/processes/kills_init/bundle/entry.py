"""SIGKILL and SIGSTOP to PID 1."""

import os
import signal
import time

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    time.sleep(0.2)
    return honest_train(data, seed=seed)
