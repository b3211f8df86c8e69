"""A flood on both that never ends: who doesn't drain it can't kill it."""

import os

from honest import load


def train(data, *, seed):
    while True:
        os.write(1, b"y\n" * 32768)
        os.write(2, b"n\n" * 32768)
