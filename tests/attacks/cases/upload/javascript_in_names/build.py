"""javascript: where a link might be made of it."""

from tests.attacks.corpus import MANIFEST, zip_of

SOURCE = b"from honest import load, train\n"


def build():
    manifest = MANIFEST.format(track="attacked", name="javascript:alert(1)").replace(
        "A case of the attack corpus.", "[click](javascript:alert(2)) https://evil.example"
    )
    return zip_of({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
