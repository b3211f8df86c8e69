"""The control workload in a worker's life: when it's due, and that a host which fails it claims nothing and says so."""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from minjoule.meter import MeterFault
from tests.fakes.box import FakeBoxes
from tests.fakes.reporter import FakeReporter
from tests.unit.worker.test_judge import bench, claim, reporter
from worker.calibration import Calibration, keep, load_history, usual_rounds
from worker.controls import Controls
from worker.judge import judge_all
from worker.ports import ServerFault

GOOD = Calibration("2026-01-01T08:00:00+00:00", "live", 20_000_000, (10_000_000,) * 5, 0.002, (), "", 7)


@dataclass
class Workload:
    """What the next control workloads come to; ``day`` is the present one."""

    failed: list[str] = field(default_factory=list)
    day: dt.date = dt.date(2026, 1, 1)
    done: int = 0

    def __call__(self, history: Sequence[Calibration]) -> Calibration:
        self.done += 1
        at = f"{self.day}T08:00:{self.done:02}+00:00"
        return replace(GOOD, at=at, failed=self.failed.pop(0) if self.failed else "")

    def controls(self, history: Path, every: int = 3) -> Controls:
        return Controls("live", history, every, self, lambda: self.day)


def judged(server: FakeReporter, boxes: FakeBoxes, controls: Controls) -> int:
    return judge_all(server, replace(bench(boxes), controls=controls), threading.Event())


def test_it_comes_before_the_first_run_of_a_day_and_after_every_so_many_runs(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload()
    server = reporter(boxes, *(claim(f"r{place}") for place in range(5)))
    controls = workload.controls(tmp_path / "history")
    assert judged(server, boxes, controls) == 5
    steps = [step for step in boxes.journal if step in ("control", "claim")]
    assert steps == ["control", "claim", "claim", "claim", "control", "claim", "claim", "claim"]
    workload.day = dt.date(2026, 1, 2)
    server.queue = [claim("r9")]
    judged(server, boxes, controls)
    assert workload.done == 3
    assert server.controls == [(True, "spread 0.20% over 5 runs")] * 3


def test_an_operators_calibration_of_the_day_counts(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload()
    keep(tmp_path / "history", GOOD)
    judged(reporter(boxes, claim("r1")), boxes, workload.controls(tmp_path / "history"))
    assert workload.done == 0


def test_a_host_that_fails_claims_nothing_until_a_calibration_passes(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload(["the joules spread by 4 %"])
    server, controls = reporter(boxes, claim("r1")), workload.controls(tmp_path / "history")
    assert judged(server, boxes, controls) == 0
    assert judged(server, boxes, controls) == 0
    assert (server.controls, workload.done, len(server.queue)) == ([(False, "the joules spread by 4 %")], 1, 1)
    keep(tmp_path / "history", replace(GOOD, at="2026-01-01T09:00:00+00:00"))
    assert judged(server, boxes, controls) == 1
    assert server.controls[-1] == (True, "spread 0.20% over 5 runs")


def test_a_failure_that_the_server_couldnt_be_told_is_told_later(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload(["too hot"])
    server, controls = reporter(boxes, claim("r1")), workload.controls(tmp_path / "history")
    server.away = True
    with pytest.raises(ServerFault):
        judged(server, boxes, controls)
    server.away = False
    assert judged(server, boxes, controls) == 0
    assert server.controls == [(False, "too hot")]


def test_a_meter_that_fails_during_the_control_workload_stops_the_claim_not_the_worker(tmp_path: Path) -> None:
    def silent(history: Sequence[Calibration]) -> Calibration:
        raise MeterFault("the meter fell silent")

    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    assert judged(server, boxes, Controls("live", tmp_path / "history", 3, silent)) == 0
    assert len(server.queue) == 1


def test_switched_off_it_says_so_on_the_record(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload()
    server = reporter(boxes, claim("r1"))
    assert judged(server, boxes, workload.controls(tmp_path / "history", every=0)) == 1
    assert workload.done == 0
    assert server.reports["r1"]["facts"]["control"] == "switched off"


def test_the_record_says_how_the_last_one_went(tmp_path: Path) -> None:
    boxes, workload = FakeBoxes(), Workload()
    server = reporter(boxes, claim("r1"))
    judged(server, boxes, workload.controls(tmp_path / "history"))
    assert server.reports["r1"]["facts"]["control"] == "passed 2026-01-01T08:00:01+00:00, spread 0.20%"


def test_idle_power_and_rating_go_with_it(tmp_path: Path) -> None:
    boxes = FakeBoxes()
    server, workload = reporter(boxes, claim("r1")), Workload()
    judged(server, boxes, Controls("live", tmp_path / "history", 3, workload, lambda: workload.day, rated_w=65.0))
    assert server.bounds_w == (20.0, 65.0)


def test_the_workload_stays_the_size_that_last_passed(tmp_path: Path) -> None:
    for each in (GOOD, replace(GOOD, rounds=9, failed="hot"), replace(GOOD, rounds=11, meter="another")):
        keep(tmp_path / "history", each)
    assert usual_rounds(load_history(tmp_path / "history"), "live") == 7
    assert usual_rounds([], "live") == 0
