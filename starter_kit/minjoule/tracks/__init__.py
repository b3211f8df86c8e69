"""The shipped tracks as TOML, and what a track's file may say. Server and ``minjoule try`` read the same files."""

import math
import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

from minjoule.box import BoxLimits, TrialCaps

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
BOUNDARIES = ("node-cpu", "node", "node-wall", "device-wall", "modelled-cpu", "modelled-wgsl", "modelled-cpu-time")
SOURCE_PUBLIC = ("record", "once", "season_end")


class TrackError(ValueError):
    """A track's file is wrong: what, the value, the limit."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Caps of a run. Seconds of wall clock and CPU for each phase, and for each symbol scored (after ten seconds to load); bytes."""

    wall_s: float
    cpu_s: float
    score_wall_s: float
    score_cpu_s: float
    memory_bytes: int
    tmp_bytes: int
    pids: int
    log_bytes: int
    artifact_bytes: int
    threads: int = 1
    symbol_wall_s: float | None = None
    symbol_cpu_s: float | None = None

    def to_trial(self) -> TrialCaps:
        """As the two boxes of a trial take them."""
        common = (self.memory_bytes, self.tmp_bytes, self.pids, self.log_bytes, self.threads)
        score = BoxLimits(self.score_wall_s, self.score_cpu_s, *common)
        train = BoxLimits(self.wall_s, self.cpu_s, *common)
        return TrialCaps(train, score, self.artifact_bytes, self.symbol_wall_s, self.symbol_cpu_s)


@dataclass(frozen=True, slots=True)
class TrackRules:
    """A track as its file says. ``target_loss`` in ``unit``; ``source_xz_bytes`` caps the compressed bundle.

    ``sigma`` is the calibrated scatter of one run's loss, frozen; ``smuggler_loss`` what the best smuggler known to us reaches.
    ``source_public`` is when a submission's source is: with its confirmed ``record``, at ``once``, or at the ``season_end``.
    """

    slug: str
    title: str
    summary: str
    description: str
    problem: str
    unit: str
    target_loss: float
    sigma: float
    runs: int
    rules_version: int
    boundaries: tuple[str, ...]
    image: str
    prelude: tuple[str, ...]
    source_xz_bytes: int
    caps: Caps
    tutorial: bool = False
    smuggler_loss: float | None = None
    dataset: str = ""
    source_public: str = "record"


def parse_track(text: str) -> TrackRules:
    """Parse and check a track's TOML. Raises TrackError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrackError(f"no valid TOML: {error}") from None
    return track_from(table)


def track_from(table: dict[str, Any]) -> TrackRules:
    """A track from a table (a parsed file, or the stored rules). Raises TrackError."""
    known = {field.name for field in fields(TrackRules)}
    if unknown := set(table) - known:
        raise TrackError(f"unknown keys {sorted(unknown)}; known are {sorted(known)}")
    try:
        caps = Caps(**table["caps"])
        rest: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items() if key != "caps"}
        rules = TrackRules(**rest, caps=caps)
    except (KeyError, TypeError) as error:
        raise TrackError(f"a key is missing or unknown: {error}") from None
    check_rules(rules)
    return rules


def check_rules(rules: TrackRules) -> None:
    """Every value against its rule."""
    if not SLUG.fullmatch(rules.slug):
        raise TrackError(f"slug is {rules.slug!r}: lower-case letters, digits and hyphens, at most 40")
    if not (isinstance(rules.target_loss, (int, float)) and math.isfinite(rules.target_loss) and rules.target_loss > 0):
        raise TrackError(f"target_loss is {rules.target_loss!r}: a finite number above 0 is due")
    if not (isinstance(rules.sigma, (int, float)) and 0 < rules.sigma < rules.target_loss):
        raise TrackError(
            f"sigma is {rules.sigma!r}: a number above 0 and below the target is due; `minjoule-admin track calibrate` finds it"
        )
    if rules.source_public not in SOURCE_PUBLIC:
        raise TrackError(f"source_public is {rules.source_public!r}; known are {', '.join(SOURCE_PUBLIC)}")
    if not 1 <= rules.runs <= 30:
        raise TrackError(f"runs is {rules.runs}: between 1 and 30 are allowed")
    for boundary in rules.boundaries:
        if boundary not in BOUNDARIES:
            raise TrackError(f"unknown boundary {boundary!r}; known are {', '.join(BOUNDARIES)}")
    for field in fields(Caps):
        value = getattr(rules.caps, field.name)
        if value is None and field.default is None:
            continue
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
            raise TrackError(f"caps.{field.name} is {value!r}: a finite number above 0 is due")


@cache
def shipped() -> dict[str, str]:
    """TOML text of every shipped track, by slug."""
    files = [file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")]
    return {file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in sorted(files, key=lambda file: file.name)}
