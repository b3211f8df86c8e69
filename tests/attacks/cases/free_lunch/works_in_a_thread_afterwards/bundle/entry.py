"""A thread goes on after the artifact."""

import threading
import time

from honest import load
from honest import train as honest_train


def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def train(data, *, seed):
    threading.Thread(target=burn, args=(30,), daemon=True).start()
    return honest_train(data, seed=seed)
