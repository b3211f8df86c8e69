"""Send one entry and follow its run through whatever is broken meanwhile."""

from typing import Any

import pytest

from tests.chaos.entries import entry
from tests.chaos.platform import Suffering


def sent(platform: Suffering, kind: str, number: int) -> dict[str, Any]:
    """Through the front door, however often it takes."""
    return dict(platform.wait("the front door", lambda: platform.put(entry(kind, number))))


def run_of(platform: Suffering, submitted: dict[str, Any]) -> dict[str, Any]:
    """Its one run, as it is now."""
    view: dict[str, Any] = platform.stack.get(f"/runs/{submitted['runs'][0]['id']}")
    return view


def end_of(platform: Suffering, submitted: dict[str, Any], seconds: float = 90) -> dict[str, Any]:
    """Its one run, final."""
    platform.wait("the run's end", lambda: run_of(platform, submitted)["state"] in ("DONE", "VOID"), seconds)
    return run_of(platform, submitted)


def reach(platform: Suffering, submitted: dict[str, Any], phase: str) -> None:
    """Until its run is in that phase. Fails where it has ended before."""

    def there() -> bool:
        run = run_of(platform, submitted)
        assert run["state"] != "DONE", f"it has ended before it was seen in {phase}"
        return bool((run["attempt"] or {}).get("phase") == phase)

    platform.wait(f"it's in {phase}", there)


def tries_of(run: dict[str, Any]) -> list[str]:
    """Each attempt's state, or why it failed."""
    return [attempt["fault_cause"] or attempt["state"] for attempt in run["attempts"]]


def settles(platform: Suffering, seconds: float) -> None:
    """The platform goes on for a while."""
    with pytest.raises(AssertionError):
        platform.wait("never", lambda: False, seconds)
