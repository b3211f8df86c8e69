"""Names: the resolver's answer is no answer."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("getaddrinfo", lambda: socket.getaddrinfo("example.com", 443))
    return honest_train(data, seed=seed)
