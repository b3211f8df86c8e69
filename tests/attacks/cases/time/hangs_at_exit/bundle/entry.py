"""An atexit hook and a thread that would never end."""

import atexit
import threading
import time

from honest import load
from honest import train as honest_train


def train(data, *, seed):
    atexit.register(time.sleep, 3600)
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return honest_train(data, seed=seed)
