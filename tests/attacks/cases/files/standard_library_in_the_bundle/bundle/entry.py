"""Modules of the standard library's names."""

import json
import socket

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    assert hasattr(json, "loads") and hasattr(socket, "AF_UNIX"), "SHADOWED"
    return honest_train(data, seed=seed)
