"""What a board shows beside the bill: other meters' means, how long runs took, and flags. It knows no rows and no database.

Nothing here is ever ranked. A mean is of the runs that have a reading, and says of how many; what nobody read is absent, never 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GPU, CPU, WALL = "GPU boards alone", "CPU packages and memory", "at the wall"
MEANINGS = {
    "nvml": GPU,
    "amdsmi": GPU,
    "rapl": CPU,
    "shelly": WALL,
    "tasmota": WALL,
    "snmp": WALL,
    "csv": "a lab meter's record",
    "replay": "a replay: nothing of the run is measured",
    "cpu": "CPU seconds x 10 W",
    "cpu-counters": "counted micro-ops and memory traffic",
    "wgsl-counts": "counted data movement",
}
MODELS = {"cpu", "cpu-counters", "wgsl-counts", "replay"}
"""Meters whose joules are nobody's measurement of this run, wherever they stand."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run that counts for its entry: ``meters`` as the run has them, by name; None where one meter is all."""

    id: str
    index: int
    purpose: str
    wall_ns: int | None
    meters: dict[str, dict[str, int | bool]] | None
    flag: str | None


@dataclass(frozen=True, slots=True)
class MeterMean:
    """The mean of one meter over the ``runs`` of an entry that it read. ``billed``: it's a part of the bill; else it stands beside it."""

    meter: str
    energy_j: float
    runs: int
    billed: bool
    modelled: bool


@dataclass(frozen=True, slots=True)
class FlaggedRun:
    """Which run of an entry; ``label`` counts from 1 within its purpose."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Why an entry's figures aren't vouched for, in public, and the runs that it's about; none where it's about the entry."""

    reason: str
    runs: list[FlaggedRun]


@dataclass(frozen=True, slots=True)
class MeterColumn:
    """A column of a board: a meter that read some entry's runs."""

    meter: str
    meaning: str
    billed: bool
    modelled: bool


def wall_s(runs: Sequence[RunFigures]) -> float | None:
    """Mean length of a run's windows, seconds; None where none was kept."""
    known = [run.wall_ns for run in runs if run.wall_ns is not None]
    return sum(known) / len(known) / 1e9 if known else None


def means(runs: Sequence[RunFigures]) -> list[MeterMean]:
    """Of each meter, parts of the bill first."""
    read: dict[tuple[bool, str], list[int]] = {}
    for run in runs:
        said = run.meters or {}
        parts = sum(bool(each["billed"]) for each in said.values())  # one alone is the bill itself
        for meter, each in said.items():
            if parts > 1 or not each["billed"]:
                read.setdefault((not each["billed"], meter), []).append(int(each["energy_uj"]))
    return [MeterMean(meter, sum(uj) / len(uj) / 1e6, len(uj), not beside, meter in MODELS) for (beside, meter), uj in sorted(read.items())]


def columns(entries: Iterable[Sequence[MeterMean]]) -> list[MeterColumn]:
    """One for each meter that any of these entries has."""
    found = {(not each.billed, each.meter) for meters in entries for each in meters}
    return [MeterColumn(meter, MEANINGS.get(meter, "another meter"), not beside, meter in MODELS) for beside, meter in sorted(found)]


def flags(runs: Sequence[RunFigures], about_entry: str | None) -> list[Flag]:
    """An entry's own first, then one for each reason that flags runs of it."""
    by_reason: dict[str, list[FlaggedRun]] = {}
    for run in runs:
        if run.flag:
            by_reason.setdefault(run.flag, []).append(FlaggedRun(run.id, label(run)))
    own = [Flag(about_entry, [])] if about_entry else []
    return own + [Flag(reason, flagged) for reason, flagged in by_reason.items()]


def label(run: RunFigures) -> str:
    """What a reader calls it."""
    return f"{run.index + 1}" if run.purpose == "listing" else f"{run.purpose} {run.index + 1}"
