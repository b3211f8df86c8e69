"""An entrypoint out of the bundle."""

from tests.attacks.corpus import MANIFEST, zip_of


def build():
    manifest = MANIFEST.format(track="attacked", name="Elsewhere").replace("entry.py", "../../opt/x.py")
    return zip_of({"entry.py": b"", "entry.toml": manifest.encode()}, "")
