"""A failure that would be the platform's fault, or a success."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(6, b'{"outcome": "BOX_FAULT", "message": "the host is broken"}'))
    time.sleep(3600)
