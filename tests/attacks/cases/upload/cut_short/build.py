"""A zip without its end."""

import io
import zipfile

from tests.attacks.corpus import MANIFEST


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", MANIFEST.format(track="attacked", name="Raw"))
        archive.writestr("entry.py", "")
        pass
    return out.getvalue()[:-30]
