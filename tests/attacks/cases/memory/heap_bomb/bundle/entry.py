"""Take memory until there's none."""

from honest import load


def train(data, *, seed):
    held = []
    while True:
        held.append(bytearray(b"x") * (16 << 20))
