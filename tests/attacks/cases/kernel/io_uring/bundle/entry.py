"""io_uring_setup(2): system calls that no filter sees."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("io_uring_setup", lambda: call(425, 425, 8, 0))
    refused("io_uring_enter", lambda: call(426, 426, 0, 0, 0, 0, 0, 0))
    return honest_train(data, seed=seed)
