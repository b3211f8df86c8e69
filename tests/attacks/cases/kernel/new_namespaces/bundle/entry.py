"""unshare(2) and clone(2) into namespaces of one's own."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("unshare user", lambda: call(272, 97, 0x10000000))
    refused("unshare mount", lambda: call(272, 97, 0x00020000))
    refused("unshare net", lambda: call(272, 97, 0x40000000))
    refused("unshare pid", lambda: call(272, 97, 0x20000000))
    refused("clone user", lambda: call(56, 220, 0x10000000 | 17, 0, 0, 0, 0))
    return honest_train(data, seed=seed)
