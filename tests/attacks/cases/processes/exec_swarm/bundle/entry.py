"""Start programs until none starts."""

import subprocess

from honest import load


def train(data, *, seed):
    held = []
    while True:
        held.append(subprocess.Popen(["sleep", "3600"]))
