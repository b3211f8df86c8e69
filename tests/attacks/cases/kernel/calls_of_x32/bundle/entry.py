"""The x32 numbers of the same calls."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("x32 ptrace", lambda: call(0x40000000 + 101, 117, 16, 1, 0, 0))
    refused("x32 unshare", lambda: call(0x40000000 + 272, 97, 0x10000000))
    return honest_train(data, seed=seed)
