"""JSON with the line of every value, so that a message can say where. Knows nothing of schedules."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"-?(?:0|[1-9]\d{0,18})(?:\.\d{1,20})?(?![\w.])|true|false|null")
WORDS = {"true": True, "false": False, "null": None}
MAX_DEPTH = 20
Path = tuple[str | int, ...]


class LinedError(ValueError):
    """What is wrong, and the 1-based line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Lined:
    """A document: its value, and the 1-based line where each path's value begins."""

    value: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Of the value at ``path``, or of the nearest thing around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


def read(text: str) -> Lined:
    """Parse. Raises LinedError for what is no JSON, a key that stands twice, or nesting deeper than MAX_DEPTH."""
    reader = Reader(text)
    value = reader.value(reader.space(0), ())
    if reader.space(reader.at) != len(text):
        reader.fail("the document goes on after its end", reader.at)
    return Lined(value, reader.lines)


class Reader:
    """A cursor (``at``) over one text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Path, int] = {}

    def fail(self, message: str, at: int) -> Any:
        """Raise, with the line of ``at``."""
        raise LinedError(f"no valid JSON: {message}", self.text.count("\n", 0, at) + 1)

    def space(self, at: int) -> int:
        """Skip white space from ``at``."""
        found = SPACE.match(self.text, at)
        self.at = found.end() if found else at
        return self.at

    def due(self, char: str) -> None:
        """The next character must be this."""
        if self.text[self.at : self.at + 1] != char:
            self.fail(f"{self.text[self.at : self.at + 1]!r} stands where {char!r} is due", self.at)
        self.at += 1

    def value(self, at: int, path: Path) -> Any:
        """The value that begins at ``at``."""
        if len(path) > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}", at)
        self.lines[path] = self.text.count("\n", 0, at) + 1
        opening = self.text[at : at + 1]
        if opening == "{":
            return self.table(path)
        if opening == "[":
            return self.array(path)
        if opening == '"':
            return self.string()
        found = SCALAR.match(self.text, at)
        if not found:
            return self.fail(f"{self.text[at : at + 20]!r} is no value", at)
        self.at = found.end()
        if found[0] in WORDS:
            return WORDS[found[0]]
        return float(found[0]) if "." in found[0] else int(found[0])

    def string(self) -> str:
        """The string that begins here."""
        try:
            made, self.at = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            self.fail(error.msg, error.pos)
        return str(made)

    def items(self, opening: str, closing: str) -> Iterator[int]:
        """The places where members begin, between brackets and commas."""
        self.due(opening)
        if self.text[self.space(self.at) : self.at + 1] == closing:
            self.at += 1
            return
        while True:
            yield self.space(self.at)
            if self.text[self.space(self.at) : self.at + 1] == closing:
                self.at += 1
                return
            self.due(",")

    def table(self, path: Path) -> dict[str, Any]:
        """An object."""
        made: dict[str, Any] = {}
        for at in self.items("{", "}"):
            if self.text[at : at + 1] != '"':
                self.fail("a key in quotes is due", at)
            key = self.string()
            if key in made:
                self.fail(f"the key {key[:40]!r} stands twice", at)
            self.space(self.at)
            self.due(":")
            made[key] = self.value(self.space(self.at), (*path, key))
        return made

    def array(self, path: Path) -> list[Any]:
        """A list."""
        made: list[Any] = []
        for at in self.items("[", "]"):
            made.append(self.value(at, (*path, len(made))))
        return made
