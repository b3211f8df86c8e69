"""mlockall(2): nothing of the box may be taken from it."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("mlockall", lambda: call(151, 230, 3))
    return honest_train(data, seed=seed)
