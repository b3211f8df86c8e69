"""An absolute path."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "/etc/passwd": b"x"}, "Names")
