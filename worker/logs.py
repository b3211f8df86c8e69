"""Structured logs of the worker: JSON lines, tokens blanked."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

TOKENS = re.compile(r"mj_(cli|host)_[A-Za-z0-9-]+_[A-Za-z0-9_-]+")


def drop_tokens(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank tokens wherever they stand."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = TOKENS.sub("[dropped]", value)
    return event


def configure(level: str) -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            drop_tokens,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )


def get_logger() -> Any:
    """A logger."""
    return structlog.get_logger()
