"""Write to /sys."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for place in (
        "/sys/kernel/uevent_helper",
        "/sys/power/state",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/sys/devices/system/cpu/cpu0/online",
    ):
        refused(place, lambda place=place: os.open(place, os.O_WRONLY))
    return honest_train(data, seed=seed)
