"""An idle host stays present, and a server that's away is borne."""

import threading
from typing import Any

from tests.fakes.reporter import FakeReporter
from worker.presence import keep_present


class AfterBeats(threading.Event):
    """Ends after so many beats; the server comes back before the last."""

    def __init__(self, reporter: FakeReporter, beats: int) -> None:
        super().__init__()
        self._reporter, self._left = reporter, beats

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        self._reporter.away = self._left > 1
        return self._left < 0


def test_a_host_is_present_again_after_its_server_was_away() -> None:
    reporter: Any = FakeReporter({})
    keep_present(reporter, AfterBeats(reporter, 5))
    assert reporter.presences == 2
