"""Memory files, each below the file size limit."""

import os

from honest import load


def train(data, *, seed):
    while True:
        descriptor = os.memfd_create("hoard")
        for _ in range(16):
            os.write(descriptor, bytes(1 << 20))
