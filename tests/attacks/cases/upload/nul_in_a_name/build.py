"""A NUL in a name: what one reader sees is not what the next one sees."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "aXpy": b"x"}, "Nul").replace(b"aXpy", b"a\0py")
