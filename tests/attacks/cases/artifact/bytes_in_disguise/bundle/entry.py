"""Bytes that are other bytes when they're copied."""


class Disguise(bytes):
    def __bytes__(self):
        return bytes(1 << 20)


def train(data, *, seed):
    return Disguise(b"small")
