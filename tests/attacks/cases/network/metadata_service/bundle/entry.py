"""The cloud's metadata service."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("connect", lambda: socket.create_connection(("169.254.169.254", 80), timeout=1))
    return honest_train(data, seed=seed)
