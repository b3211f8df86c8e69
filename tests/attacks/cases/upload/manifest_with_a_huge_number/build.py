"""A number of 100,000 digits."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "entry.toml": b"name = " + b"9" * 100_000}, "")
