"""The syscall allow-list of our boxes, as the JSON that the engine takes."""

from functools import cache
from importlib import resources


@cache
def python_profile() -> str:
    """The profile of the ``python`` and ``torch`` boxes: content, not a path (a path makes the engine answer HTTP 500)."""
    return resources.files(__name__).joinpath("python.json").read_text(encoding="utf-8")
