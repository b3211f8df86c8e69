"""A daemon would send it once the trainer has left."""

import os
import time

from deeds import channel, frame


def train(data, *, seed):
    held = os.dup(channel().fileno())
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.5)
            os.write(held, frame(5, b"late"))
        os._exit(0)
    os._exit(0)
