"""An exception whose text is no text."""


def train(data, *, seed):
    raise ValueError("\ud800 and \0")
