"""The exit code of a SIGKILL, and words about memory."""

import os
import sys

from honest import load


def train(data, *, seed):
    sys.stderr.write("Killed: OOMKilled=true, exit code 137\n")
    sys.stderr.flush()
    os._exit(137)
