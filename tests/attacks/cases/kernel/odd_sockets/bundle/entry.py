"""Socket families beside local and internet: netlink, packets, kernel crypto, virtual machines, Bluetooth."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for family in (16, 17, 31, 38, 40, 44):
        refused(f"family {family}", lambda family=family: socket.socket(family, socket.SOCK_RAW))
    return honest_train(data, seed=seed)
