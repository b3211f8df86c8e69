"""Two files of one name."""

import warnings
import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Raw"))
        archive.writestr("entry.py", "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("entry.py", "raise SystemExit")
    return out.getvalue()
