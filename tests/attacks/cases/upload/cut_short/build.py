"""A zip without its end."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        pass
    return out.getvalue()[:-30]
