"""Burn CPU for ever."""

from honest import load


def train(data, *, seed):
    while True:
        pass
