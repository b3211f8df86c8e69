"""Which harness the local box starts for a track's image, and how much memory it may map."""

import shutil
from pathlib import Path

from minjoule import browser_harness, harness
from minjoule.box import BoxFault, BoxLimits
from minjoule.entrypoints import WEBGPU

BROWSERS = ("/usr/lib/chromium/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
UNBOUNDED = 1 << 42
"""A browser reserves far more address space than it uses: here, on the entrant's own machine, it isn't bounded."""


def command_of(image: str) -> list[str]:
    """The harness's file and what only it wants to know. Raises BoxFault where there's no browser for a webgpu track."""
    if image != WEBGPU:
        return [str(Path(harness.__file__).with_name("__main__.py"))]
    return [str(Path(browser_harness.__file__).with_name("__main__.py")), "--browser", find_browser()]


def find_browser() -> str:
    """Chromium or Chrome on this machine. Raises BoxFault."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise BoxFault(
        "webgpu tracks need Chromium or Chrome, and none is on this machine's PATH: install Debian's chromium, or Chrome 126 or later"
    )


def data_bytes(image: str, limits: BoxLimits) -> int:
    """How much private memory a process of the box may map, bytes."""
    return UNBOUNDED if image == WEBGPU else limits.memory_bytes + limits.tmp_bytes
