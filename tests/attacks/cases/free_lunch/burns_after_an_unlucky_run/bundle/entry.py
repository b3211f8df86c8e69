"""Burn power once the result is bad."""

import os
import time

from honest import load
from honest import train as honest_train


def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def train(data, *, seed):
    burn(0.5)
    return honest_train(data, seed=seed)
