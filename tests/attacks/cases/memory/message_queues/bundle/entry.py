"""POSIX message queues."""

import ctypes

from deeds import call, refused
from honest import load
from honest import train as honest_train


name = ctypes.create_string_buffer(b"hoard")


def train(data, *, seed):
    refused("mq_open", lambda: call(240, 180, ctypes.addressof(name), 0o102, 0o600, 0))
    return honest_train(data, seed=seed)
