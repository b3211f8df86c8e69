"""SIGSTOP to oneself: nothing runs, nothing answers."""

import os
import signal

from honest import load


def train(data, *, seed):
    os.kill(os.getpid(), signal.SIGSTOP)
    return b"x"
