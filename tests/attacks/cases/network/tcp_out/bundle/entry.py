"""TCP to the internet."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("connect", lambda: socket.create_connection(("1.1.1.1", 443), timeout=1))
    return honest_train(data, seed=seed)
