"""A path on another drive."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "C:x": b"x"}, "Names")
