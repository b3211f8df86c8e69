"""``entry.toml``: what an entrant says of a submission. Errors name the line."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from typing import Any

FIELDS = ("name", "track", "entrypoint", "license", "description", "parent")
REQUIRED = ("name", "track", "entrypoint", "license", "description")
NAME_CHARS = 60
DESCRIPTION_CHARS = 500
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,59}")
DIGEST = re.compile(r"[0-9a-f]{64}")
ENTRYPOINT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.(py|js)|schedule\.json")


class ManifestError(ValueError):
    """What is wrong with ``entry.toml``, where, and what is due. ``line`` is 1-based, None where no line is to blame."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(f"entry.toml, line {line}: {message}" if line else f"entry.toml: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Manifest:
    """A valid ``entry.toml``. ``parent`` is the digest of the submission that this one builds on, or None."""

    name: str
    track: str
    entrypoint: str
    license: str
    description: str
    parent: str | None = None


def parse_manifest(text: str) -> Manifest:
    """Parse and check. Raises ManifestError with the line."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise ManifestError(f"no valid TOML: {error}", int(found[1]) if found else len(text.splitlines())) from None
    except (RecursionError, ValueError) as error:  # nested too deep; a number of too many digits
        raise ManifestError(f"no readable TOML: {str(error)[:200]}: six lines of text in quotes are due") from None
    for key in table:
        if key not in FIELDS:
            raise ManifestError(f"unknown key {key[:60]!r}; known are {', '.join(FIELDS)}", line_of(text, key))
    for key in REQUIRED:
        if key not in table:
            raise ManifestError(f'{key} is missing: add a line {key} = "..."')
    for key, value in table.items():
        if not isinstance(value, str):
            raise ManifestError(f"{key} is {type(value).__name__} ({brief(value)}), a string in quotes is due", line_of(text, key))
    check_values(text, table)
    return Manifest(**{key: plain(value) for key, value in table.items()})


def brief(value: Any) -> str:
    """The value, cut. Python refuses to write an integer of too many digits (which TOML may give in hexadecimal)."""
    try:
        return repr(value)[:80]
    except (ValueError, RecursionError):
        return "too large to be shown"


def check_values(text: str, table: dict[str, Any]) -> None:
    """Every value against its rule."""
    length("name", plain(table["name"]), NAME_CHARS, text)
    length("description", plain(table["description"]), DESCRIPTION_CHARS, text)
    matches("track", table["track"], SLUG, "a track's slug such as digits", text)
    matches(
        "entrypoint",
        table["entrypoint"],
        ENTRYPOINT,
        "a file in the bundle's top folder: entry.py, or on a webgpu track entry.js or schedule.json",
        text,
    )
    matches("license", table["license"], SPDX, "an SPDX licence id such as MIT or Apache-2.0", text)
    if "parent" in table:
        matches("parent", table["parent"], DIGEST, "a submission's digest, 64 hexadecimal digits", text)


def length(key: str, value: str, limit: int, text: str) -> None:
    """Between 1 and ``limit`` characters."""
    if not 1 <= len(value) <= limit:
        raise ManifestError(f"{key} has {len(value)} characters, 1 to {limit} are allowed", line_of(text, key))


def matches(key: str, value: str, pattern: re.Pattern[str], due: str, text: str) -> None:
    """The whole value fits ``pattern``."""
    if not pattern.fullmatch(value):
        raise ManifestError(f"{key} is {value[:80]!r}, due is {due}", line_of(text, key))


def plain(value: str) -> str:
    """User text as it's kept: NFKC, no control or format characters (no right-to-left marks), no white space around."""
    normal = unicodedata.normalize("NFKC", value)
    return "".join(char for char in normal if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")).strip()


def line_of(text: str, key: str) -> int | None:
    """The 1-based line where ``key`` is set."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=\]]|\s*\[+\s*{re.escape(key)}\b", line):
            return number
    return None
