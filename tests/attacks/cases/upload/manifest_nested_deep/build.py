"""A manifest nested 5,000 deep."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "entry.toml": b"name = " + b"[" * 5_000}, "")
