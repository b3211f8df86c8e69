"""The folder of one box on the host: the socket that the harness connects to, and a copy of the bundle.

The parent is ours alone (0700); what is mounted into the box, read-only, is readable by anyone who gets that far.
"""

import os
import shutil
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

from minjoule.box import BoxFault


class GateFolder:
    """One box's folder. ``mounted`` is what the box sees as /box: ``bundle`` and ``gate/socket``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.token = path.name
        self.mounted = path / "box"
        self._socket_path = self.mounted / "gate" / "socket"
        self._listener: socket.socket | None = None

    def create(self) -> None:
        """Make it, with an empty bundle, and listen. Raises BoxFault."""
        try:
            self._path.mkdir(parents=True, mode=0o700)
            (self.mounted / "gate").mkdir(parents=True)
            (self.mounted / "bundle").mkdir()
            open_for_reading(self.mounted)
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(str(self._socket_path))
            self._listener.listen(1)
            self._socket_path.chmod(0o666)
        except OSError as error:
            raise BoxFault(f"can't set up the box's folder {self._path}: {error}; it needs room and a path below 80 characters") from error

    def fill(self, bundle: Path) -> None:
        """Copy the bundle in; a box that runs already sees it. Raises BoxFault."""
        try:
            shutil.copytree(bundle, self.mounted / "bundle", symlinks=True, dirs_exist_ok=True)
            open_for_reading(self.mounted / "bundle")
        except OSError as error:
            raise BoxFault(f"can't copy the bundle into the box's folder {self._path}: {error}") from error

    def accept(self, deadline: float, gone: Callable[[], bool]) -> socket.socket:
        """The one connection; then the socket is unlinked. Raises BoxFault when ``gone()`` or at the deadline."""
        if self._listener is None:
            raise BoxFault("the box's folder isn't set up")
        self._listener.settimeout(0.05)
        while time.monotonic() < deadline:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                if gone():
                    raise BoxFault("the box ended before it reached its gate") from None
                continue
            self._stop_listening()
            return connection
        raise BoxFault("the box didn't connect in time")

    def remove(self) -> None:
        """Remove all of it. Idempotent."""
        self._stop_listening()
        shutil.rmtree(self._path, ignore_errors=True)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._socket_path.unlink(missing_ok=True)


def open_for_reading(folder: Path) -> None:
    """Folders 0755, files 0644, whatever the umask and the copied modes were."""
    for parent, _, files in os.walk(folder):
        os.chmod(parent, 0o755)  # noqa: S103 - the box's user must read it
        for name in files:
            path = os.path.join(parent, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                os.chmod(path, 0o644)
