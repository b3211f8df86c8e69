"""A failure in JSON nested 30,000 deep."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(6, b"[" * 30_000))
    time.sleep(3600)
