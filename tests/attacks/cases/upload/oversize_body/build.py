"""A body over the cap, as it declares."""


def build():
    return bytes(3 << 20)
