"""Structured logs, one JSON line an event; secrets never reach them."""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"password|secret|token|cookie|authorization|instance_key|code$", re.IGNORECASE)
SECRET_VALUES = re.compile(r"mj_(cli|host|team)_[A-Za-z0-9-]+_[A-Za-z0-9_-]+")
DROPPED = "[dropped]"


@lru_cache(1024)
def names_a_secret(key: str) -> bool:
    """Whether a field of that name is blanked whatever it holds."""
    return SECRET_KEYS.search(key) is not None


def drop_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what is named like a secret, and tokens wherever they stand in a text."""
    for key, value in event.items():
        if names_a_secret(key):
            event[key] = DROPPED
        elif isinstance(value, str):
            event[key] = SECRET_VALUES.sub(DROPPED, value)
    return event


class PresentOutput:
    """Standard output as it is when a line is written: a logger that was made while it was redirected outlives that."""

    def write(self, text: str) -> int:
        """See TextIO."""
        return sys.stdout.write(text)

    def flush(self) -> None:
        """See TextIO."""
        sys.stdout.flush()


def configure(level: str = "info") -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            drop_secrets,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(PresentOutput()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


def get_logger() -> Any:
    """A bound logger: events are ``noun_pasttense``, values keyword fields with their unit in the name."""
    return structlog.get_logger()
