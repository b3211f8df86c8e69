"""Marks that turn the direction of a line, and invisible characters: dropped."""

from tests.attacks.grounds import PYTHON

SOURCE = b"from honest import load, train\n"


def build():
    manifest = PYTHON.manifest("\u202eevil\u2066 \u200bname").replace("A case of the attack corpus.", "\u202e\u2067 backwards \ufeff")
    return PYTHON.zipped({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
