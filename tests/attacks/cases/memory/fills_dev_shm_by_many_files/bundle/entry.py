"""Fill /dev/shm by files below the size limit."""

from honest import load


def train(data, *, seed):
    for number in range(1000):
        with open(f"/dev/shm/{number}", "wb") as file:
            file.write(bytes(8 << 20))
