"""How an entrant's program ended, as data. Our own failures are never an Outcome."""

from enum import StrEnum


class Outcome(StrEnum):
    """The verdicts of a carried-out run."""

    FINISHED = "FINISHED"
    RUNTIME_ERROR = "RUNTIME_ERROR"
    TIME_LIMIT = "TIME_LIMIT"
    MEMORY_LIMIT = "MEMORY_LIMIT"
    DISK_LIMIT = "DISK_LIMIT"
    BAD_ARTIFACT = "BAD_ARTIFACT"
    SCORING_ERROR = "SCORING_ERROR"
    SCORING_LIMIT = "SCORING_LIMIT"
