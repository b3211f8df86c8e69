"""What the browser's box computes on: seen once when a worker starts, recorded with every run, and the same ever after.

A software adapter where a GPU is promised, or another adapter than at the start, is our fault and no entrant's result.
"""

from collections.abc import Mapping
from typing import Any

from minjoule.box import BoxFault

WORDS = ("vendor", "architecture", "device", "description")


def named(adapter: Mapping[str, Any]) -> str:
    """An adapter in words: "google swiftshader, software"."""
    words = " ".join(str(adapter.get(word, "")) for word in WORDS if adapter.get(word)) or "unnamed"
    return f"{words}, {'software' if adapter.get('fallback') else 'hardware'}"


def refuse_other(adapter: Mapping[str, Any], promised: Mapping[str, Any]) -> None:
    """Raises BoxFault where a box has another adapter, or browser, than the host class promises."""
    if dict(adapter) != dict(promised):
        seen, due = (f"{named(each)} in {each.get('browser', 'an unknown browser')}" for each in (adapter, promised))
        raise BoxFault(f"the box's adapter is {seen}; this host was enrolled with {due}: look at the image and the driver")


def refuse_software(adapter: Mapping[str, Any]) -> None:
    """Raises BoxFault where a GPU is promised and software answers."""
    if adapter.get("fallback"):
        raise BoxFault(
            f"this host's class promises a GPU, and its adapter is {named(adapter)}: look at the driver, or enrol in another class"
        )
