"""Declare what's allowed, send little, leave."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(5, b"little", declared=20_000))
    os._exit(0)
