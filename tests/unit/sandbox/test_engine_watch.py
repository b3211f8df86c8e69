"""An engine that goes away is noticed once each time, whatever it says when it's back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from docker.errors import DockerException

from sandbox import engine_watch
from sandbox.engine_watch import EngineWatch


class FakeEngine:
    """An engine's client: one stream of events that lasts until the engine goes, and none while it's away."""

    def __init__(self) -> None:
        self.there = True
        self.ended = threading.Event()
        self.connected = 0

    def events(self, filters: Any) -> "FakeStream":
        if not self.there:
            raise DockerException("nobody answers")
        self.connected += 1
        return FakeStream(self.ended)

    def ping(self) -> bool:
        if not self.there:
            raise DockerException("nobody answers")
        return True

    def close(self) -> None:
        """Nothing is open."""

    def go(self) -> None:
        self.there = False
        self.ended.set()

    def come(self) -> None:
        self.ended = threading.Event()
        self.there = True


class FakeStream:
    """No event ever comes."""

    def __init__(self, ended: threading.Event) -> None:
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        self._ended.wait()
        yield from ()

    def close(self) -> None:
        self._ended.set()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.setattr(engine_watch, "AGAIN_S", 0.01)
    return FakeEngine()


def test_each_time_that_the_engine_goes_is_counted_once(engine: FakeEngine) -> None:
    with closing(EngineWatch(engine, lambda: engine)) as watch:
        for time_number in (1, 2):
            assert watch.answers_anew()
            engine.go()
            until(lambda number=time_number: watch.breaks == number)  # type: ignore[misc]
            assert not watch.answers_anew()
            engine.come()
            until(lambda number=time_number: engine.connected == number + 1)  # type: ignore[misc]
            assert watch.breaks == time_number


def test_a_watch_that_was_closed_counts_nothing_and_ends(engine: FakeEngine) -> None:
    watch = EngineWatch(engine, lambda: engine)
    watch.close()
    until(lambda: not any(thread.name == "engine-watch" for thread in threading.enumerate()))
    assert (watch.breaks, engine.connected) == (0, 1)


def test_where_no_engine_is_it_says_so_at_once(engine: FakeEngine) -> None:
    engine.go()
    with pytest.raises(DockerException):
        EngineWatch(engine, lambda: engine)
