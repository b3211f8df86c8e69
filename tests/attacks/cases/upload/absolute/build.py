"""An absolute path."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "/etc/passwd": b"x"}, "Names")
