"""A manifest nested 5,000 deep."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "entry.toml": b"name = " + b"[" * 5_000}, "")
