"""Declare what's allowed, send little, wait."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(5, b"little", declared=20_000))
    time.sleep(3600)
