"""Two children burn the CPU cap before the clock has run out."""

import os
import time

from honest import load


def train(data, *, seed):
    for _ in range(2):
        if os.fork() == 0:
            while True:
                pass
    time.sleep(3600)
