"""The same in the names of 60 files."""

import random

from tests.attacks.grounds import PYTHON


def build():
    draw = random.Random(3)
    return PYTHON.zipped({"entry.py": b""} | {f"{draw.randbytes(50).hex()}.py": b"" for _ in range(60)}, "Paths")
