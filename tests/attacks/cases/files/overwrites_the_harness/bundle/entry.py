"""Change the harness for whoever comes next."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    import minjoule.harness.phases as phases

    for place in (phases.__file__, os.path.dirname(phases.__file__) + "/new.py", "/opt/minjoule/packages/numpy/__init__.py"):
        refused("harness", lambda place=place: os.open(place, os.O_WRONLY | os.O_CREAT))
    return honest_train(data, seed=seed)
