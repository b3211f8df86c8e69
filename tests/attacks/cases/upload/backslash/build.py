"""A path by backslashes."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "..\\..\\x": b"x"}, "Names")
