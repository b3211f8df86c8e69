"""Megabytes that are declared as ten bytes."""

import io
import struct
import zipfile

from tests.attacks.grounds import PYTHON

BIG = 64 << 20


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Liar"))
        archive.writestr("entry.py", "")
        archive.writestr("big.txt", bytes(BIG))
    return out.getvalue().replace(struct.pack("<I", BIG), struct.pack("<I", 10))
