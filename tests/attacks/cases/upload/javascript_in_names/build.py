"""javascript: where a link might be made of it."""

from tests.attacks.grounds import PYTHON

SOURCE = b"from honest import load, train\n"


def build():
    manifest = PYTHON.manifest("javascript:alert(1)").replace(
        "A case of the attack corpus.", "[click](javascript:alert(2)) https://evil.example"
    )
    return PYTHON.zipped({"entry.py": SOURCE, "entry.toml": manifest.encode()}, "")
