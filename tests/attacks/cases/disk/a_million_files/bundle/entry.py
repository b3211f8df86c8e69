"""A million empty files."""

from honest import load


def train(data, *, seed):
    for number in range(1_000_000):
        open(f"/tmp/{number}", "wb").close()
