"""The container engine's gateway."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("connect", lambda: socket.create_connection(("172.17.0.1", 2375), timeout=1))
    return honest_train(data, seed=seed)
