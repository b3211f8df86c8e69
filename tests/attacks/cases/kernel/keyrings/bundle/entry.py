"""keyctl(2), add_key(2), request_key(2)."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("keyctl", lambda: call(250, 219, 0, 0, 0, 0, 0))
    refused("add_key", lambda: call(248, 217, 0, 0, 0, 0, 0))
    refused("request_key", lambda: call(249, 218, 0, 0, 0, 0))
    return honest_train(data, seed=seed)
