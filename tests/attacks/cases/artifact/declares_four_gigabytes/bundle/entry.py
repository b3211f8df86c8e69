"""Declare 4 GiB, send little."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(5, b"little", declared=(1 << 32) - 1))
    time.sleep(3600)
