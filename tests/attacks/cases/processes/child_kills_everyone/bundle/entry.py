"""A child sends kill -9 -1, the harness among its victims."""

import os
import signal
import time

from honest import load


def train(data, *, seed):
    if os.fork() == 0:
        os.kill(-1, signal.SIGKILL)
    time.sleep(3600)
