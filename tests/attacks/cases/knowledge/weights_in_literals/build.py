"""A table of 4,000 random bytes as a literal: over the cap on the compressed source."""

import base64
import random

from tests.attacks.grounds import PYTHON


def build():
    table = base64.b85encode(random.Random(1).randbytes(4_000))
    return PYTHON.zipped({"entry.py": b"TABLE = " + repr(table).encode()}, "Literals")
