"""A number that TOML reads and Python refuses to write."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "entry.toml": b"name = 0x" + b"f" * 100_000}, "")
