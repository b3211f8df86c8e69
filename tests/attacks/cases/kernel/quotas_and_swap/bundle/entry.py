"""quotactl(2), swapon(2), acct(2), syslog(2)."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("quotactl", lambda: call(179, 60, 0, 0, 0, 0))
    refused("swapon", lambda: call(167, 224, 0, 0))
    refused("acct", lambda: call(163, 89, 0))
    refused("syslog", lambda: call(103, 116, 3, 0, 0))
    return honest_train(data, seed=seed)
