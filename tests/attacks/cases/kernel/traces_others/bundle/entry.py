"""ptrace(2) and reading other processes' memory."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("ptrace", lambda: call(101, 117, 16, 1, 0, 0))
    refused("process_vm_readv", lambda: call(310, 270, 1, 0, 0, 0, 0, 0))
    refused("process_vm_writev", lambda: call(311, 271, 1, 0, 0, 0, 0, 0))
    refused("kcmp", lambda: call(312, 272, 1, 1, 0, 0, 0))
    return honest_train(data, seed=seed)
