"""An artifact one byte over the cap."""


def train(data, *, seed):
    return bytes(26_001)
