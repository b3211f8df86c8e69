"""A device."""

import io
import zipfile

from tests.attacks.corpus import MANIFEST


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", MANIFEST.format(track="attacked", name="Raw"))
        archive.writestr("entry.py", "")
        device = zipfile.ZipInfo("disk.py")
        device.external_attr = 0o060666 << 16
        archive.writestr(device, "")
    return out.getvalue()
