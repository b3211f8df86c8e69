"""HTML in name and description: shown as text."""

from tests.attacks.corpus import MANIFEST, zip_of

SOURCE = b"from honest import load, train\n"


def build():
    manifest = MANIFEST.format(track="attacked", name="<script>alert(1)</script>").replace(
        "A case of the attack corpus.", "<img src=x onerror=alert(2)> {{ 7 * 7 }}"
    )
    return zip_of({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
