"""A path on another drive."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "C:x": b"x"}, "Names")
