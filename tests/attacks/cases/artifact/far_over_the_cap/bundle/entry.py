"""An artifact of 100 MB."""


def train(data, *, seed):
    return bytes(100_000_000)
