"""A path by backslashes."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "..\\..\\x": b"x"}, "Names")
