"""Set the clock, the host's name, priorities, a real-time policy."""

import os
import socket
import time

from deeds import refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    refused("clock_settime", lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
    refused("sethostname", lambda: socket.sethostname("owned"))
    refused("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
    refused("realtime", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
    return honest_train(data, seed=seed)
