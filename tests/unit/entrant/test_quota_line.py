"""The quota's line in a terminal."""

from typing import Any

import pytest

from minjoule.cli.show import quota_line

USED = {"runs_used": 60, "runs_limit": 60, "joules_used": 12.5, "joules_limit": 3_600_000.0, "next_allowed_at": None}
SAID = "quota: you used 60 of 60 runs and 12.5 J of 3.6 MJ within 24 hours"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (None, ""),
        ("2026-11-25T20:00:00+00:00", ": spent; the next run is allowed at 2026-11-25 20:00:00 UTC"),
        ("2026-11-25T20:00:00.000001Z", ": spent; the next run is allowed at 2026-11-25 20:00:01 UTC"),
        ("2026-11-25T21:59:59.500000+02:00", ": spent; the next run is allowed at 2026-11-25 20:00:00 UTC"),
    ],
)
def test_it_says_what_was_used_and_until_when_it_is_spent_never_a_moment_too_early(at: Any, shown: str) -> None:
    assert quota_line("you", USED | {"next_allowed_at": at}) == SAID + shown
