"""A host where a kill hangs tells of its fault and claims nothing more, not after a restart either, until somebody has looked."""

import threading
from pathlib import Path

import pytest

from minjoule.box import BoxStuck, Phase
from tests.fakes.box import FakeBoxes, Script
from tests.unit.worker.test_judge import bench, claim, reporter
from worker.bench import BenchError, refuse_quarantined_host
from worker.tasks import on_hint


class StuckBoxes(FakeBoxes):
    """Boxes that no kill empties."""

    def __init__(self) -> None:
        super().__init__(Script(broken={phase: "the box wasn't empty 20 s after SIGKILL" for phase in Phase}, fault=BoxStuck))


def test_a_stuck_box_quarantines_its_host_and_the_run_goes_elsewhere(tmp_path: Path) -> None:
    boxes, quarantine = StuckBoxes(), tmp_path / "quarantined"
    server = reporter(boxes, claim("r1"), claim("r2"))
    for _ in range(2):
        on_hint(server, bench(boxes), tmp_path / "host.lock", quarantine, threading.Event())
    assert server.faults == {"r1": ("box_fault", "the box wasn't empty 20 s after SIGKILL")}
    assert [waiting.run_id for waiting in server.queue] == ["r2"], "it claimed again"
    assert "20 s after SIGKILL" in quarantine.read_text()
    with pytest.raises(BenchError, match="quarantined.*SIGKILL.*remove"):
        refuse_quarantined_host(quarantine)


def test_once_somebody_has_looked_it_judges_again(tmp_path: Path) -> None:
    refuse_quarantined_host(tmp_path / "quarantined")
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    on_hint(server, bench(boxes), tmp_path / "host.lock", tmp_path / "quarantined", threading.Event())
    assert server.reports["r1"]["outcome"] == "FINISHED"
