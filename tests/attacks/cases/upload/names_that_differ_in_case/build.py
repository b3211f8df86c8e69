"""Entry.py beside entry.py."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "Entry.py": b"x"}, "Names")
