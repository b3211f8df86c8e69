"""The problems, by the name that tracks call them."""

from minjoule.problems.base import Problem
from minjoule.problems.digits import Digits
from minjoule.problems.parity import Parity
from minjoule.problems.text import Text
from minjoule.tracks import TrackRules

PROBLEMS: dict[str, Problem] = {problem.name: problem for problem in (Parity(), Digits(), Text())}
IMPORTED_HELD_OUT = 4 << 20
"""Bytes held out of an imported text: enough for a loss to 0.001 bits, and scored within minutes."""


def problem_of(rules: TrackRules) -> Problem:
    """A track's problem; a text with a data set of its own draws from that."""
    return Text(rules.dataset, IMPORTED_HELD_OUT) if rules.dataset else PROBLEMS[rules.problem]
