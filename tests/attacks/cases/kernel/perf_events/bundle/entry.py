"""perf_event_open(2): the meter's own counters."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("perf_event_open", lambda: call(298, 241, 0, 0, -1, -1, 0))
    return honest_train(data, seed=seed)
