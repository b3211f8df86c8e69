"""A number of 100,000 digits."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "entry.toml": b"name = " + b"9" * 100_000}, "")
