"""Children take the memory; the parent fails once they're dead."""

import os

from honest import load


def train(data, *, seed):
    for _ in range(4):
        if os.fork() == 0:
            held = []
            while True:
                held.append(bytearray(b"x") * (16 << 20))
    for _ in range(4):
        os.wait()
    raise RuntimeError("it wasn't me")
