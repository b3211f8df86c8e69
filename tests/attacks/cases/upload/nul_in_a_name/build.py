"""A NUL in a name: what one reader sees is not what the next one sees."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "aXpy": b"x"}, "Nul").replace(b"aXpy", b"a\0py")
