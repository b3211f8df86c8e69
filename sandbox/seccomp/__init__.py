"""The syscall allow-list of our boxes, as the JSON that the engine takes."""

from functools import cache
from importlib import resources


@cache
def python_profile() -> str:
    """The profile of the ``python`` and ``torch`` boxes: content, not a path (a path makes the engine answer HTTP 500)."""
    return resources.files(__name__).joinpath("python.json").read_text(encoding="utf-8")


@cache
def browser_profile() -> str:
    """The profile of the ``webgpu`` boxes: the same, and what Chromium's own sandbox needs to lock its processes in."""
    return resources.files(__name__).joinpath("browser.json").read_text(encoding="utf-8")
