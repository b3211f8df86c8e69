"""List the interfaces and routes."""

import os

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    names = sorted(os.listdir("/sys/class/net"))
    assert names == ["lo"], f"ALLOWED {names}"
    with open("/proc/net/route") as routes:
        assert len(routes.readlines()) <= 1, "ALLOWED a route"
    return honest_train(data, seed=seed)
