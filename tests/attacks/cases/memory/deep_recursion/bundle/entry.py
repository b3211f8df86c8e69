"""Overrun the C stack."""

import sys

from honest import load


def train(data, *, seed):
    sys.setrecursionlimit(1 << 30)
    nested = []
    for _ in range(1 << 18):
        nested = [nested]
    return repr(nested).encode()
