"""An entrypoint out of the bundle."""

from tests.attacks.grounds import PYTHON


def build():
    manifest = PYTHON.manifest("Elsewhere").replace("entry.py", "../../opt/x.py")
    return PYTHON.zipped({"entry.py": b"", "entry.toml": manifest.encode()}, "")
