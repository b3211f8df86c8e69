"""Change the bundle between training and scoring."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for place in ("/box/bundle/entry.py", "/box/bundle/new.py", "/box/gate/socket", "/box/x"):
        refused(place, lambda place=place: os.open(place, os.O_WRONLY | os.O_CREAT))
    return honest_train(data, seed=seed)
