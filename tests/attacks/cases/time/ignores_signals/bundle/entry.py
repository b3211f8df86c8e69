"""Ignore every signal that can be ignored, and stay."""

import signal
import time

from honest import load


def train(data, *, seed):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)
