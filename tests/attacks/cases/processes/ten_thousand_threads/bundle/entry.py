"""10,000 threads."""

import threading
import time

from honest import load


def train(data, *, seed):
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(3600,)).start()
