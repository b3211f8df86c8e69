"""userfaultfd(2)."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("userfaultfd", lambda: call(323, 282, 0))
    return honest_train(data, seed=seed)
