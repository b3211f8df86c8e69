"""65 files."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        for number in range(63):
            archive.writestr(f"{number}.py", "")
    return out.getvalue()
