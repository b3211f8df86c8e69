"""No bytes."""


def build():
    return b""
