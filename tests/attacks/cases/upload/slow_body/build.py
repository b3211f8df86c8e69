"""A body that never ends, a byte at a time."""

import time


def build():
    for _ in range(40):
        time.sleep(0.25)
        yield b"x"
