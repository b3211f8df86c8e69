"""Local sockets in the abstract namespace, where the host's services may listen."""

import socket

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for name in ("/containerd-shim", "/tmp/dbus-x", "/org/kernel/linux/storage"):
        with socket.socket(socket.AF_UNIX) as out:
            refused(name, lambda name=name: out.connect(b"\0" + name.encode()))
    return honest_train(data, seed=seed)
