"""NUL and bytes that are no UTF-8."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    os.write(1, b"before\x00\xff\xfe\xc3(\xed\xa0\x80after\n")
    return honest_train(data, seed=seed)
