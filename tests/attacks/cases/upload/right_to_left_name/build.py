"""A name that reads backwards."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "\u202eyp.exe": b"x"}, "Names")
