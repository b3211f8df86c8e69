"""A line break in a name."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "a\nb.py": b"x"}, "Names")
