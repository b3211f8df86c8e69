"""Write to mapped pages for which /tmp has no room."""

import mmap

from honest import load


def train(data, *, seed):
    held = []
    for number in range(8):
        with open(f"/tmp/{number}", "w+b") as file:
            file.truncate(16 << 20)
            held.append(mmap.mmap(file.fileno(), 16 << 20))
            for place in range(0, 16 << 20, 4096):
                held[-1][place] = 1
