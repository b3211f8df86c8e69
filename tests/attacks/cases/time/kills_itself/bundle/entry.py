"""A SIGKILL that isn't ours."""

import os
import signal

from honest import load


def train(data, *, seed):
    os.kill(os.getpid(), signal.SIGKILL)
