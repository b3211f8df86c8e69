"""Folders in folders."""

import os

from honest import load


def train(data, *, seed):
    os.chdir("/tmp")
    while True:
        os.mkdir("deeper")
        os.chdir("deeper")
