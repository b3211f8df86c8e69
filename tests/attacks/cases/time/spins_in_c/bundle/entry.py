"""One call of a C function that never returns to the interpreter."""

import re

from honest import load


def train(data, *, seed):
    return re.match(r"(a+)+$", "a" * 64 + "b")
