"""What a reader asks a board for: filters and a budget of joules, as they stand in the address."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from server.domain.errors import Inadmissible
from server.domain.scoring import Status

TEXT_CHARS = 60
NAMES = ("status", "participant", "licence", "text", "budget")


@dataclass(frozen=True, slots=True)
class Sieve:
    """Empty strings and None ask for everything. With ``budget_j`` entries within so many joules are listed by loss."""

    status: str = ""
    participant: str = ""
    licence: str = ""
    text: str = ""
    budget_j: float | None = None

    @property
    def address(self) -> str:
        """As the tail of a query, with a leading ampersand; nothing where nothing is asked."""
        values = {"status": self.status, "participant": self.participant, "licence": self.licence, "text": self.text}
        asked = {name: value for name, value in values.items() if value}
        if self.budget_j is not None:
            asked["budget"] = f"{self.budget_j:g}"
        return "&" + urlencode(asked) if asked else ""


ALL = Sieve()


def read_sieve(query: Mapping[str, str]) -> Sieve:
    """From an address. Raises Inadmissible."""
    asked = {name: query.get(name, "").strip() for name in NAMES}
    for name, value in asked.items():
        if len(value) > TEXT_CHARS or not value.isprintable():
            raise Inadmissible(f"{name} has {len(value)} characters: at most {TEXT_CHARS} printable ones are taken", "shorten it")
    status, budget = asked["status"].upper(), asked.pop("budget")
    if status and status not in set(Status):
        raise Inadmissible(f"status is {asked['status']!r}", f"known are {', '.join(each.lower() for each in Status)}")
    return Sieve(status, asked["participant"], asked["licence"], asked["text"], budget_of(budget) if budget else None)


def budget_of(asked: str) -> float:
    """Joules. Raises Inadmissible."""
    try:
        joules = float(asked)
    except ValueError:
        joules = math.nan
    if not (math.isfinite(joules) and joules > 0):
        raise Inadmissible(f"budget is {asked!r}: a finite number of joules above 0 is due", "for example ?budget=12.5")
    return joules
