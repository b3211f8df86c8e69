"""Marks that turn the direction of a line, and invisible characters: dropped."""

from tests.attacks.corpus import MANIFEST, zip_of

SOURCE = b"from honest import load, train\n"


def build():
    manifest = MANIFEST.format(track="attacked", name="\u202eevil\u2066 \u200bname").replace(
        "A case of the attack corpus.", "\u202e\u2067 backwards \ufeff"
    )
    return zip_of({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
