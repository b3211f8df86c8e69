"""IPv6 to the internet."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as out:
        out.settimeout(1)
        refused("connect6", lambda: out.connect(("2606:4700:4700::1111", 443)))
    return honest_train(data, seed=seed)
