"""A line break in a name."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "a\nb.py": b"x"}, "Names")
