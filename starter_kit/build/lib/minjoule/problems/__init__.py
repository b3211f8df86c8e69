"""The problems, by the name that tracks call them."""

from minjoule.problems.base import Problem
from minjoule.problems.digits import Digits
from minjoule.problems.parity import Parity
from minjoule.problems.text import Text

PROBLEMS: dict[str, Problem] = {problem.name: problem for problem in (Parity(), Digits(), Text())}
