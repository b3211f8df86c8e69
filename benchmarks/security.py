"""The attack corpus as figures: how many cases ran against a real platform, and how many ended otherwise than declared."""

import tempfile
from pathlib import Path

from benchmarks.result import Figure
from tests.attacks.__main__ import run_corpus


def measure() -> list[Figure]:
    """A case that was skipped didn't run, and isn't counted."""
    with tempfile.TemporaryDirectory() as folder:
        ran = [each for each in run_corpus(Path(folder, "junit.xml")) if not each.skipped]
    mismatches = sum(not each.held for each in ran)
    return [Figure("attack_cases", len(ran), "cases", ">= 90"), Figure("attack_mismatches", mismatches, "cases", "<= 0")]
