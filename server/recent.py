"""Answers of the last moment, by address and reader: who asks the same again gets the same bytes without another look.

A page asks for it by ``request.state.remember_s``. It knows no page, and no reader but the cookie header as it came.
"""

import time

from starlette.types import Message, Scope

Key = tuple[str, bytes, bytes]
RENEWAL_S = 0.25


class RecentAnswers:
    """Bounded; the oldest goes first. What came with an Authorization header is neither kept nor answered."""

    def __init__(self, most: int = 256) -> None:
        self._answers: dict[Key, tuple[float, Message, Message]] = {}
        self._most = most

    def find(self, key: Key | None) -> tuple[Message, Message] | None:
        """Start and body of the answer, if its moment isn't over.

        Whoever comes first after it makes the answer anew; meanwhile the others get the old one, for a moment more.
        """
        found = self._answers.get(key) if key else None
        if key is None or found is None:
            return None
        until, start, body = found
        if (now := time.monotonic()) < until:
            return start, body
        self._answers.pop(key)
        if now < until + RENEWAL_S:
            self._answers[key] = (until + RENEWAL_S, start, body)
        return None

    def keep(self, key: Key, seconds: float, start: Message, body: Message) -> None:
        """Remember a whole answer for a moment."""
        self._answers.pop(key, None)
        while len(self._answers) >= self._most:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = (time.monotonic() + seconds, start, body)


def key_of(scope: Scope) -> Key | None:
    """Path, query and cookies of a GET; None for what is never kept."""
    if scope["method"] != "GET":
        return None
    cookies = b""
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies += value + b"\n"
        elif name == b"authorization":
            return None
    return scope["path"], scope["query_string"], cookies
