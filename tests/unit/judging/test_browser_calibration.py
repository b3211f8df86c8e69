"""Calibration in a browser: a void run costs no calibration, a browser that never comes up ends it."""

from collections.abc import Callable

import pytest

from minjoule.box import BoxFault
from minjoule.browser_calibration import MOST_FAULTS, unfaulted
from minjoule.calibration import Trial

DONE = Trial(0.2, 1.0, 0.1, 1000, 100)


def failing(times: int) -> Callable[[], Trial]:
    left = iter([True] * times)

    def attempt() -> Trial:
        if next(left, False):
            raise BoxFault("the browser didn't come up")
        return DONE

    return attempt


def test_a_void_run_is_told_and_replaced() -> None:
    told: list[str] = []
    assert unfaulted(failing(MOST_FAULTS - 1), told.append) is DONE
    assert told == ["the browser didn't come up"] * (MOST_FAULTS - 1)


def test_faults_in_a_row_end_it() -> None:
    with pytest.raises(BoxFault, match="didn't come up"):
        unfaulted(failing(MOST_FAULTS), lambda said: None)
