"""What a host can't report: a case a lie, and the honest neighbours that must pass."""

from typing import Any

import pytest

from minjoule.meter import WATTS_PER_CORE
from server.domain.plausibility import CORE_W, Span, implausible

TWO = {"cores": 2}
RATED = {"rated_w": 400.0, "least_w": 30.0}


def windows(train: tuple[int, int, int], score: tuple[int, int, int] | None = None) -> list[Span]:
    """Milliseconds and millijoules."""
    made = [Span("train", train[0] * 1_000_000, train[1] * 1_000_000, train[2] * 1000)]
    return made + ([Span("score", score[0] * 1_000_000, score[1] * 1_000_000, score[2] * 1000)] if score else [])


HONEST: dict[str, tuple[list[Span], str, dict[str, Any], float]] = {
    "both cores busy": (windows((0, 1000, 20_000), (1100, 2100, 20_000)), "modelled-cpu-time", TWO, 2.5),
    "a sleeper bills nothing much": (windows((0, 1000, 1)), "modelled-cpu-time", TWO, 2),
    "a few ticks over in a short window": (windows((0, 10, 900)), "modelled-cpu-time", TWO, 2),
    "a report that came late": (windows((0, 1000, 5000)), "modelled-cpu-time", TWO, 600),
    "our clock was set back": (windows((0, 60_000, 5000)), "modelled-cpu-time", TWO, -3600),
    "at rest": (windows((0, 10_000, 300_000)), "node-wall", RATED, 11),
    "at the limit": (windows((0, 10_000, 4_000_000)), "node-wall", RATED, 11),
    "a class of which nothing is known": (windows((0, 1000, 300_000)), "node-cpu", {}, 2),
}
LIES: dict[str, tuple[list[Span], str, dict[str, Any], float, str]] = {
    "more than every core": (windows((0, 1000, 25_000)), "modelled-cpu-time", TWO, 2, "window train bills 25 J in 1 s"),
    "scoring, too": (windows((0, 1000, 5000), (1000, 2000, 25_000)), "modelled-cpu-time", TWO, 3, "window score bills"),
    "beyond the rating": (windows((0, 1000, 500_000)), "node-wall", RATED, 2, "rated 400 W"),
    "less than at rest": (windows((0, 10_000, 100_000)), "node-wall", RATED, 11, "30 W at rest"),
    "nothing at all on a meter": (windows((0, 10_000, 0)), "node-cpu", {}, 11, "at least"),
    "no machine draws that": (windows((0, 1000, 50_000_000)), "node-cpu", {}, 2, "20000 W"),
    "longer than the attempt": (windows((0, 60_000, 5000)), "modelled-cpu-time", TWO, 10, "the attempt has lived for 10.000 s"),
    "a gap longer than the attempt": (windows((0, 1000, 500), (90_000, 91_000, 500)), "modelled-cpu-time", TWO, 10, "span 91.000 s"),
    "scored before it was trained": (windows((1000, 2000, 500), (0, 500, 500)), "modelled-cpu-time", TWO, 5, "begins before"),
    "two at once": (windows((0, 1000, 500), (500, 1500, 500)), "modelled-cpu-time", TWO, 5, "begins before"),
}


@pytest.mark.parametrize("case", HONEST.values(), ids=HONEST.keys())
def test_what_can_be_passes(case: tuple[list[Span], str, dict[str, Any], float]) -> None:
    assert implausible(*case) is None


@pytest.mark.parametrize("case", LIES.values(), ids=LIES.keys())
def test_a_lie_is_named_with_its_value_and_limit(case: tuple[list[Span], str, dict[str, Any], float, str]) -> None:
    *given, said = case
    found = implausible(*given)  # type: ignore[arg-type]
    assert found is not None
    assert said in found


def test_both_sides_use_the_same_coefficient() -> None:
    assert CORE_W == WATTS_PER_CORE
