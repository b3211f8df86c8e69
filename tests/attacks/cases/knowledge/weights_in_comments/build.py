"""The same in comments."""

import base64
import random

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"# " + base64.b85encode(random.Random(2).randbytes(4_000))}, "Comments")
