"""Write wherever a program might."""

import os

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for place in ("/x", "/etc/x", "/var/tmp/x", "/root/x", "/home/x", "/usr/lib/x", "/run/x", "/opt/x"):
        refused(place, lambda place=place: os.open(place, os.O_WRONLY | os.O_CREAT))
    return honest_train(data, seed=seed)
