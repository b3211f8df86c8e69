"""The same in the names of 60 files."""

import random

from tests.attacks.corpus import zip_of


def build():
    draw = random.Random(3)
    return zip_of({"entry.py": b""} | {f"{draw.randbytes(50).hex()}.py": b"" for _ in range(60)}, "Paths")
