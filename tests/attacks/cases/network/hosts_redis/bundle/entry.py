"""The host's Redis."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("connect", lambda: socket.create_connection(("127.0.0.1", 6379), timeout=1))
    return honest_train(data, seed=seed)
