"""A zip bomb inside: no binary files are taken at all."""

import io
import zipfile

from tests.attacks.corpus import zip_of


def build():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(32 << 20))
    return zip_of({"entry.py": b"", "inner.zip": inner.getvalue()}, "Nested")
