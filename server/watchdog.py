"""Ends a process whose regular work has stopped coming, so that whoever supervises it starts it again.

The tasks' beat is a child of theirs: killed alone, nobody would sweep any more, and nothing else would show it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.logs import get_logger

log = get_logger()
LOOK_S = 2.0
SILENT_S = 30.0
"""Of the tasks, whose sweep comes every other second."""
EXIT_CODE = 70


def end_process() -> None:
    """At once: a process in that state has nothing to tidy up."""
    os._exit(EXIT_CODE)


class Watchdog:
    """``silent_s`` without work, and the process is ended. Work that takes longer is work."""

    def __init__(self, silent_s: float, end: Callable[[], None] = end_process, clock: Callable[[], float] = time.monotonic) -> None:
        self._silent_s, self._end, self._clock = silent_s, end, clock
        self._busy, self._last = False, clock()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around the work."""
        self._busy = True
        try:
            yield
        finally:
            self._busy, self._last = False, self._clock()

    def look(self) -> None:
        """End the process if it's due."""
        silent_s = self._clock() - self._last
        if not self._busy and silent_s > self._silent_s:
            log.error("work_stopped_coming", silent_s=round(silent_s, 1), remedy="this process ends; its supervisor starts it again")
            self._end()

    def start(self) -> None:
        """Look now and then, on a thread of its own."""
        self._last = self._clock()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.look()
