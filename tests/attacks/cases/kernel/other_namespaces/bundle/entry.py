"""setns(2) into another namespace."""

import os

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("setns", lambda: call(308, 268, os.open("/proc/1/ns/mnt", os.O_RDONLY) if os.access("/proc/1/ns/mnt", os.R_OK) else -1, 0))
    return honest_train(data, seed=seed)
