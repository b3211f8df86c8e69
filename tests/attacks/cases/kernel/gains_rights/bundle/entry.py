"""setuid(2), setgroups(2), and programs with the setuid bit."""

import os

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("setuid", lambda: os.setuid(0))
    refused("setgroups", lambda: os.setgroups([0]))
    refused("capset", lambda: call(126, 91, 0, 0))
    raised = [
        path
        for base in ("/usr", "/bin", "/sbin", "/opt")
        for folder, _, names in os.walk(base)
        for name in names
        if os.lstat(path := os.path.join(folder, name)).st_mode & 0o6000 and os.path.isfile(path) and not os.path.islink(path)
    ]
    assert not raised, f"ALLOWED {raised}"
    assert "NoNewPrivs:\t1" in open("/proc/self/status").read(), "ALLOWED new privileges"
    return honest_train(data, seed=seed)
