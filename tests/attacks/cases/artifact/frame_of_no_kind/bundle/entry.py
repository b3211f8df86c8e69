"""A frame of a kind that doesn't exist."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(200, b"?"))
    time.sleep(3600)
