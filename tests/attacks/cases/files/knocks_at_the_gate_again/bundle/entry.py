"""Connect to the gate's socket a second time."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("gate", lambda: socket.socket(socket.AF_UNIX).connect("/box/gate/socket"))
    return honest_train(data, seed=seed)
