"""One memory file over the file size limit."""

import os

from honest import load


def train(data, *, seed):
    descriptor = os.memfd_create("hoard")
    while True:
        os.write(descriptor, bytes(1 << 20))
