"""A failure whose text has NUL, half a surrogate pair, ESC and a right-to-left mark."""

import os
import time

from deeds import frame, say


def train(data, *, seed):
    say(frame(6, b'{"outcome": "RUNTIME_ERROR", "message": "a\\u0000b\\ud800c\\u001b[2J\\u202ed"}'))
    time.sleep(3600)
