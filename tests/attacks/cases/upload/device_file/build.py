"""A device."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        device = zipfile.ZipInfo("disk.py")
        device.external_attr = 0o060666 << 16
        archive.writestr(device, "")
    return out.getvalue()
