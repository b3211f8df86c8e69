"""The exit code of timeout(1), and its words."""

import os
import sys

from honest import load


def train(data, *, seed):
    sys.stderr.write("minjoule: time limit exceeded\n")
    sys.stderr.flush()
    os._exit(124)
