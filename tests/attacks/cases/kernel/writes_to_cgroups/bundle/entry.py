"""Lift one's own limits, or leave the group."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk("/sys/fs/cgroup")
        for name in names
        if name in ("cgroup.procs", "tasks", "memory.limit_in_bytes", "memory.max", "pids.max", "release_agent", "cgroup.subtree_control")
    ]
    for place in files:
        refused(place, lambda place=place: os.open(place, os.O_WRONLY))
    refused("mkdir", lambda: os.mkdir("/sys/fs/cgroup/mine"))
    return honest_train(data, seed=seed)
