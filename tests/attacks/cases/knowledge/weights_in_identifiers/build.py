"""The same in Unicode identifiers, two bytes a character."""

import random

from tests.attacks.grounds import PYTHON


def build():
    draw = random.Random(4)
    names = ["".join(chr(draw.randrange(0x4E00, 0x9FFF)) for _ in range(40)) for _ in range(60)]
    return PYTHON.zipped({"entry.py": "\n".join(f"{name} = 0" for name in names).encode()}, "Identifiers")
