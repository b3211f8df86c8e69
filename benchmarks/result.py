"""One figure with its goal."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A measured value; ``goal`` reads like "<= 0.5"."""

    name: str
    value: float
    unit: str
    goal: str

    def to_json(self, command: str) -> dict[str, Any]:
        """With whether it holds."""
        relation, bound = self.goal.split()
        holds = self.value <= float(bound) if relation == "<=" else self.value >= float(bound)
        return asdict(self) | {"value": float(f"{self.value:.4g}"), "holds": holds, "command": command}


Benchmark = Callable[[], list[Figure]]
