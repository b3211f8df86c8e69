"""The one place that asks the wall clock; everything else is told."""

import datetime as dt


def now() -> dt.datetime:
    """The present instant, aware, UTC."""
    return dt.datetime.now(dt.UTC)
