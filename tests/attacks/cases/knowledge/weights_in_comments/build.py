"""The same in comments."""

import base64
import random

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"# " + base64.b85encode(random.Random(2).randbytes(4_000))}, "Comments")
