"""A frame of the scoring phase."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(7))
    time.sleep(3600)
