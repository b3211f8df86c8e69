"""A link to /etc/passwd."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()
