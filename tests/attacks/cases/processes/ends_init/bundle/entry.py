"""SIGTERM to PID 1, which passes it on."""

import os
import signal
import time

from honest import load


def train(data, *, seed):
    os.kill(1, signal.SIGTERM)
    time.sleep(3600)
