"""init_module(2), finit_module(2), delete_module(2), kexec_load(2)."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("init_module", lambda: call(175, 105, 0, 0, 0))
    refused("finit_module", lambda: call(313, 273, -1, 0, 0))
    refused("delete_module", lambda: call(176, 106, 0, 0))
    refused("kexec_load", lambda: call(246, 104, 0, 0, 0, 0))
    return honest_train(data, seed=seed)
