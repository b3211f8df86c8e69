"""A string that would be bytes."""


def train(data, *, seed):
    return "model"
