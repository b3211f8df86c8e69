"""A zip bomb inside: no binary files are taken at all."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(32 << 20))
    return PYTHON.zipped({"entry.py": b"", "inner.zip": inner.getvalue()}, "Nested")
