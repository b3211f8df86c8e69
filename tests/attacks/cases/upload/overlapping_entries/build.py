"""Many entries that share the same compressed bytes."""

import io
import zipfile

from tests.attacks.grounds import PYTHON


def build():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.toml", PYTHON.manifest("Overlap"))
        archive.writestr("entry.py", "")
        archive.writestr("0.txt", bytes(1 << 20))
        first = archive.infolist()[-1]
        for number in range(1, 40):
            copy = zipfile.ZipInfo(f"{number}.txt")
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits"):
                setattr(copy, field, getattr(first, field))
            archive.filelist.append(copy)
    return out.getvalue()
