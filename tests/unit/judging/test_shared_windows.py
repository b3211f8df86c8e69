"""Several boxes in one window: let through one after another, billed together, none while nobody looks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from minjoule import record
from minjoule.attendant import WindowRules
from minjoule.box import BoxSpec, Phase
from minjoule.floor import PROBE, repeat_key, repeat_seed
from minjoule.meter import CpuTimeMeter, Meter, MeterFault
from minjoule.outcome import Outcome
from minjoule.problems import PROBLEMS
from minjoule.tracks import parse_track, shipped
from minjoule.trial import Trial, TrialResult, TrialSpec
from minjoule.window import measure
from tests.fakes.box import FakeBox, FakeBoxes, Script
from tests.fakes.meter import LiveMeter

RULES = parse_track(shipped()["parity"])
KEY = b"k" * 32
FLOOR_NS = 500_000_000  # of the live meter, which ticks every 5 ms


@dataclass
class Entrant:
    """Boxes that take ``seconds[0]``, ``seconds[1]``... of training, the last for ever; ``fails`` names places that do."""

    seconds: tuple[float, ...]
    fails: tuple[int, ...] = ()
    boxes: list[FakeBox] = field(default_factory=list)

    def __call__(self, spec: BoxSpec) -> FakeBox:
        place = sum(each.spec.phase is spec.phase for each in self.boxes)
        failure = {"outcome": "RUNTIME_ERROR", "message": "no luck"} if place in self.fails else None
        script = Script(failure=failure, sleep_s=self.seconds[min(place, len(self.seconds) - 1)])
        self.boxes.append(FakeBox(spec, script, []))
        return self.boxes[-1]

    def of(self, phase: Phase) -> list[FakeBox]:
        return [each for each in self.boxes if each.spec.phase is phase]


def carry_out(entrant: Entrant | FakeBoxes, meter: Meter, **changes: object) -> TrialResult:
    draws: Callable[[int], object] = lambda place: PROBLEMS["parity"].draw(repeat_key(KEY, place))  # noqa: E731
    spec = TrialSpec("t", Path("/nowhere"), "entry.py", (), "python", draws, 1, RULES.caps.to_trial())  # type: ignore[arg-type]
    with Trial(replace(spec, **changes), entrant, meter, WindowRules(sample_s=0.02)) as trial:  # type: ignore[arg-type]
        return trial.carry_out(lambda progress: None)


def test_a_short_program_is_let_through_until_the_floor_is_filled_and_billed_a_part() -> None:
    entrant = Entrant((0.12,))
    result = carry_out(entrant, LiveMeter(50))
    boxes = result.sharing.train
    assert 3 <= boxes <= 5, "0.5 s at 0.12 s a box"
    assert (result.outcome, result.sharing.score, result.train.boxes) == (Outcome.FINISHED, boxes, boxes)
    assert result.sharing.floor_ns == FLOOR_NS
    window = result.train.measurement.window
    assert window.wall_s > 0.12 * boxes
    assert result.train.measurement.on_host_uj is not None
    assert abs(result.train.measurement.energy_uj - 50e6 * window.wall_s / boxes) <= result.train.measurement.on_host_uj + 1
    assert result.train.measurement == measure(result.train.trace).shared(boxes)


def test_each_box_has_its_own_draw_and_the_probes_counts_for_nothing() -> None:
    entrant = Entrant((0.12,))
    result = carry_out(entrant, LiveMeter(50))
    boxes = result.sharing.train
    assert len(entrant.of(Phase.TRAIN)) == boxes + 1, "and one to find out how long it takes"
    digests = [PROBLEMS["parity"].draw(repeat_key(KEY, place)).digest for place in range(boxes)]
    assert result.sharing.instances == tuple(digests)
    assert result.instance_digest == digests[0]
    assert PROBLEMS["parity"].draw(repeat_key(KEY, PROBE)).digest not in digests
    assert [each.seed for each in entrant.of(Phase.TRAIN)] == [repeat_seed(1, place) for place in (PROBE, *range(boxes))]
    assert len(result.sharing.losses) == boxes
    assert result.loss == pytest.approx(1.0)
    assert result.symbols == 2000 * boxes


def test_boxes_run_one_at_a_time_and_all_stand_before_the_window_opens() -> None:
    entrant = Entrant((0.12,))
    result = carry_out(entrant, LiveMeter(50))
    spans = [each.span_ns for each in entrant.of(Phase.TRAIN)[1:]]
    assert all(earlier[1] <= later[0] for earlier, later in zip(spans, spans[1:], strict=False))
    begin_ns = result.train.measurement.window.begin_ns
    assert all(each.prepared_ns < begin_ns for each in entrant.boxes)


def test_a_long_program_has_a_window_of_its_own_and_its_probe_ends_at_the_floor() -> None:
    entrant = Entrant((0.9,))
    began = time.monotonic()
    result = carry_out(entrant, LiveMeter(50))
    assert result.sharing.train == 1
    assert result.sharing.expected_ns == FLOOR_NS
    assert len(entrant.of(Phase.TRAIN)) == 2
    assert time.monotonic() - began < 4


def test_a_known_length_needs_no_probe() -> None:
    entrant = Entrant((0.12,))
    result = carry_out(entrant, LiveMeter(50), expected_ns=200_000_000)
    assert (result.sharing.train, len(entrant.of(Phase.TRAIN))) == (3, 3)


def test_modelled_boundaries_have_one_box_and_no_probe() -> None:
    boxes = FakeBoxes()
    result = carry_out(boxes, CpuTimeMeter())
    assert (result.sharing.train, result.sharing.score, result.sharing.floor_ns, len(boxes.boxes)) == (1, 1, 0, 2)


def test_a_box_that_fails_ends_the_window_and_the_bill_is_shared_by_those_let_through() -> None:
    entrant = Entrant((0.12,), fails=(2,))
    result = carry_out(entrant, LiveMeter(50))
    assert (result.outcome, result.message, result.loss) == (Outcome.RUNTIME_ERROR, "no luck", None)
    assert (result.sharing.train, result.sharing.score, result.train.boxes) == (2, 0, 2), "place 0 was the probe"
    assert result.artifact_sha256 is None


def test_who_is_quick_in_the_probe_and_slow_in_the_window_runs_into_the_windows_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minjoule.trial.window_allowance_s", lambda wall_s, floor_ns, boxes: 0.5)
    result = carry_out(Entrant((0.02, 0.3)), LiveMeter(50))
    assert result.outcome is Outcome.TIME_LIMIT
    assert "boxes had 0.5 s in all" in result.message
    assert result.sharing.train < 4


def test_a_meter_that_fails_between_two_boxes_voids_the_run() -> None:
    meter = LiveMeter(50)
    threading.Timer(0.6, lambda: setattr(meter, "stands_still", True)).start()
    with pytest.raises(MeterFault):
        carry_out(Entrant((0.12,)), meter, expected_ns=50_000_000)


def test_what_the_host_signs_of_shared_windows_is_what_verify_finds() -> None:
    result = carry_out(Entrant((0.12,)), LiveMeter(50))
    assert result.score is not None
    traces = {"train": result.train.trace, "score": result.score.trace}
    said = {"outcome": str(result.outcome), "loss": result.loss, "sharing": record.sharing_of(result.sharing)}
    assert record.sharing_check(said, said["sharing"], traces).ok  # type: ignore[arg-type]
    fewer = record.sharing_of(replace(result.sharing, train=1, score=1))
    assert not record.sharing_check(said | {"sharing": fewer}, fewer, traces).ok
