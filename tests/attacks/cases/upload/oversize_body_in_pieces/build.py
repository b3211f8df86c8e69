"""A body over the cap that declares no length."""


def build():
    return (bytes(1 << 16) for _ in range(160))
