"""A lab meter that writes a growing file: rows of seconds and watts, a hundred a second."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.load import Load


class Lab:
    """A lab meter's record of the device: 6 W while it's kept busy, 2 W otherwise, by a clock that is ``ahead_s`` ahead of this host's."""

    def __init__(self, file: Path, ahead_s: float = 0.0) -> None:
        self._file, self._ahead_s, self._ended = file, ahead_s, threading.Event()
        self.busy = False
        file.write_text("seconds,watts\n")
        self._thread = threading.Thread(target=self._record, daemon=True)

    def __enter__(self) -> "Lab":
        self._thread.start()
        time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _record(self) -> None:
        while not self._ended.wait(0.01):
            with self._file.open("a") as rows:
                rows.write(f"{time.clock_gettime(time.CLOCK_REALTIME) + self._ahead_s:.6f},{6 if self.busy else 2}\n")

    @contextmanager
    def watched(self, load: Load) -> Iterator[Load]:
        """The same load, and the record follows it."""

        def pulse(seconds: float) -> None:
            self.busy = True
            load.pulse(seconds)
            self.busy = False

        yield Load(load.control, pulse, load.rounds)
