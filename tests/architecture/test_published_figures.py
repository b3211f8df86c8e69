"""Figures that stand in a track's file are those that the benchmarks measured."""

import json

import pytest

from minjoule import tracks
from tests.conftest import ROOT

MEASURED = {each["name"]: each["value"] for each in json.loads((ROOT / "benchmarks" / "results.json").read_text())}
SLUGS = sorted(tracks.shipped())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_smugglers_loss_is_the_measured_one(slug: str) -> None:
    written, measured = tracks.parse_track(tracks.shipped()[slug]).smuggler_loss, MEASURED.get(f"smuggler_loss_{slug}")
    assert (written is None) == (measured is None)
    assert written is None or written == pytest.approx(measured, abs=0.0051)
