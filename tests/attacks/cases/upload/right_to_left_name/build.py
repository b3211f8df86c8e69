"""A name that reads backwards."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "\u202eyp.exe": b"x"}, "Names")
