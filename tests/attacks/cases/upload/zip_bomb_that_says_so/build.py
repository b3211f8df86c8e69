"""A gigabyte of zeros in a megabyte."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        with archive.open("big.txt", "w", force_zip64=True) as big:
            for _ in range(256):
                big.write(bytes(1 << 20))
    return out.getvalue()
