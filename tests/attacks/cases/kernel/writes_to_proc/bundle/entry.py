"""Write to /proc/sys and friends."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for place in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sysrq-trigger",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/net/ipv4/ip_forward",
    ):
        refused(place, lambda place=place: os.open(place, os.O_WRONLY))
    return honest_train(data, seed=seed)
