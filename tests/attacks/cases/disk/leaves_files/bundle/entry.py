"""Leave files in /tmp and /dev/shm for the next box."""

import os

from honest import load as honest_load
from honest import train as honest_train

PLACES = ("/tmp/left", "/dev/shm/left")


def train(data, *, seed):
    for place in PLACES:
        with open(place, "w") as file:
            file.write("for the next one")
    return honest_train(data, seed=seed)


def load(artifact):
    assert not [place for place in PLACES if os.path.exists(place)], "SEEN"
    return honest_load(artifact)
