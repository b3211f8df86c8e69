"""ANSI sequences: clear the screen, set the title, a link."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    os.write(1, b"\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x07click\x1b]8;;\x07\n")
    return honest_train(data, seed=seed)
