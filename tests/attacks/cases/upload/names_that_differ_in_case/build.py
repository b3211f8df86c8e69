"""Entry.py beside entry.py."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "Entry.py": b"x"}, "Names")
