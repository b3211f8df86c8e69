"""HTML in name and description: shown as text."""

from tests.attacks.grounds import PYTHON

SOURCE = b"from honest import load, train\n"


def build():
    manifest = PYTHON.manifest("<script>alert(1)</script>").replace(
        "A case of the attack corpus.", "<img src=x onerror=alert(2)> {{ 7 * 7 }}"
    )
    return PYTHON.zipped({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
