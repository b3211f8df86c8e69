"""Who acts: a value, resolved from a session or a token."""

import unicodedata
from dataclasses import dataclass

from server.domain.errors import Inadmissible

NAME_CHARS = (2, 40)
PASSWORD_CHARS = (10, 200)


@dataclass(frozen=True, slots=True)
class Participant:
    """A signed-in person or team. ``form_token`` belongs to a browser session; empty for API tokens."""

    id: int
    name: str
    role: str
    form_token: str = ""

    @property
    def organizes(self) -> bool:
        """May review and enrol."""
        return self.role == "organizer"


def checked_name(raw: str) -> str:
    """A display name: NFKC, one space between words, no control or format characters. Raises Inadmissible."""
    normal = " ".join(unicodedata.normalize("NFKC", raw).split())
    low, high = NAME_CHARS
    if not low <= len(normal) <= high:
        raise Inadmissible(f"the name has {len(normal)} characters, {low} to {high} are allowed", "choose another name")
    for char in normal:
        if unicodedata.category(char)[0] == "C":
            raise Inadmissible(f"the name holds the invisible character U+{ord(char):04X}", "leave it out")
    return normal


def name_key(name: str) -> str:
    """What two look-alike names share."""
    return unicodedata.normalize("NFKC", name).casefold()[:80]


def checked_password(raw: str) -> str:
    """A password of a bounded length (hashing a megabyte is an attack). Raises Inadmissible."""
    low, high = PASSWORD_CHARS
    if not low <= len(raw) <= high:
        raise Inadmissible(f"the password has {len(raw)} characters, {low} to {high} are allowed", "choose another password")
    return raw
