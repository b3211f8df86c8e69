"""A process whose regular work stops coming is ended; one that is busy, or has just worked, isn't."""

from dataclasses import dataclass, field

import pytest

from server.watchdog import Watchdog


@dataclass
class Hands:
    now: float = 1000.0
    ended: list[float] = field(default_factory=list)

    def watchdog(self) -> Watchdog:
        return Watchdog(30.0, lambda: self.ended.append(self.now), lambda: self.now)


def test_silence_beyond_the_limit_ends_it() -> None:
    hands = Hands()
    watchdog = hands.watchdog()
    hands.now += 30
    watchdog.look()
    assert hands.ended == []
    hands.now += 1
    watchdog.look()
    assert hands.ended == [1031.0]


def test_work_that_takes_long_is_work_and_silence_begins_after_it() -> None:
    hands = Hands()
    watchdog = hands.watchdog()
    with watchdog.working():
        hands.now += 3600
        watchdog.look()
    hands.now += 29
    watchdog.look()
    assert hands.ended == []


def test_work_that_fails_was_work() -> None:
    hands = Hands()
    watchdog = hands.watchdog()
    hands.now += 25
    with pytest.raises(ValueError, match="broken"), watchdog.working():
        raise ValueError("broken")
    hands.now += 25
    watchdog.look()
    assert hands.ended == []
