"""Content-addressed bytes behind one interface: a name is the sha256 of what it names, checked on every read."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol


class BlobError(Exception):
    """A blob is missing or damaged: our fault."""


class Blobs(Protocol):
    """Where bundles are kept."""

    def put(self, content: bytes) -> str:
        """Store; returns the sha256, hex. Storing the same bytes again is no error."""
        ...

    def get(self, sha256: str) -> bytes:
        """Read and verify. Raises BlobError."""
        ...


class LocalBlobs:
    """A folder, one file a blob, below a folder of its first two digits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Write aside, flush to the disk, then rename: a crash leaves no half blob."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{sha256}.{secrets.token_hex(4)}")
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)  # a full disk leaves no half file to make it fuller
        return sha256

    def get(self, sha256: str) -> bytes:
        """See Blobs."""
        try:
            content = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise BlobError(f"blob {sha256} is missing") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BlobError(f"blob {sha256} is damaged: its bytes have another digest")
        return content

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256
