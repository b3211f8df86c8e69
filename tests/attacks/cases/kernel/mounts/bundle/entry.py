"""mount(2), umount2(2), pivot_root(2), the new mount API."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("mount", lambda: call(165, 40, 0, 0, 0, 0, 0))
    refused("umount2", lambda: call(166, 39, 0, 0))
    refused("pivot_root", lambda: call(155, 41, 0, 0))
    refused("fsopen", lambda: call(430, 430, 0, 0))
    refused("open_tree", lambda: call(428, 428, -100, 0, 1))
    refused("move_mount", lambda: call(429, 429, 0, 0, 0, 0, 0))
    return honest_train(data, seed=seed)
