"""Where this worker's passing files lie: one folder a data folder, so that whoever comes after a killed worker finds and clears them."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from minjoule.box import BoxFault

ROOM_BYTES = 64 << 20


class Scratch:
    """A private folder below the system's temporary one (a Unix socket's path is short), its name made from the data folder's.

    From then on this process's temporary files go there.
    """

    def __init__(self, data_dir: Path, room_bytes: int = ROOM_BYTES) -> None:
        name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
        self.folder = Path(tempfile.gettempdir()) / f"minjoule-{name}"
        self._data_dir, self._room_bytes = data_dir, room_bytes
        self._own()
        tempfile.tempdir = str(self.folder)

    def _own(self) -> None:
        """Raises BoxFault where the folder can't be made, or is somebody else's."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            found = self.folder.lstat()
        except OSError as error:
            raise BoxFault(f"no scratch folder {self.folder}: {error}") from error
        if self.folder.is_symlink() or found.st_uid != os.geteuid():
            raise BoxFault(f"the scratch folder {self.folder} belongs to uid {found.st_uid}: remove it")

    def clear(self) -> None:
        """Remove what is left there; only while no attempt of this host is under way. Raises BoxFault where there's no room for another."""
        self._own()
        for path in self.folder.iterdir():
            shutil.rmtree(path, ignore_errors=True)
        for place in (self.folder, self._data_dir):
            free = shutil.disk_usage(place).free
            if free < self._room_bytes:
                raise BoxFault(
                    f"{free} bytes are free at {place}, a run needs {self._room_bytes}: this host claims nothing until there is room"
                )
