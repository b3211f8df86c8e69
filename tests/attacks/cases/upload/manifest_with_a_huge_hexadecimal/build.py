"""A number that TOML reads and Python refuses to write."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "entry.toml": b"name = 0x" + b"f" * 100_000}, "")
