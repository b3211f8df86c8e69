"""open_by_handle_at(2), chroot(2), mknod(2) of a disk."""

import os

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("open_by_handle_at", lambda: call(304, 265, -1, 0, 0))
    refused("chroot", lambda: call(161, 51, 0))
    refused("mknod", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)))
    return honest_train(data, seed=seed)
