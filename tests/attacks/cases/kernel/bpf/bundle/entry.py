"""bpf(2)."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("bpf", lambda: call(321, 280, 0, 0, 0))
    return honest_train(data, seed=seed)
