"""What a worker remembers of how long boxes took."""

from dataclasses import replace
from pathlib import Path

from minjoule.meter import CpuTimeMeter
from minjoule.outcome import Outcome
from minjoule.trial import Trial, TrialResult, TrialSpec
from minjoule.window import Window
from tests.fakes.box import FakeBoxes
from tests.unit.judging.test_attendant import RULES, spec
from worker import lengths
from worker.lengths import Lengths


def result(expected_ns: int, lasted_ns: int, boxes: int = 1, outcome: Outcome = Outcome.FINISHED) -> TrialResult:
    given: TrialSpec = spec()
    with Trial(replace(given, bundle=Path("/nowhere")), FakeBoxes(), CpuTimeMeter()) as trial:
        done = trial.carry_out(lambda progress: None)
    bill = replace(done.train, trace=replace(done.train.trace, window=Window(0, lasted_ns)), boxes=boxes)
    return replace(done, outcome=outcome, train=bill, score=None, sharing=replace(done.sharing, expected_ns=expected_ns))


def test_the_shortest_length_counts_so_nobody_is_measured_below_the_floor_twice() -> None:
    known = Lengths()
    assert known.of("a") == 0
    known.note("a", result(expected_ns=10_000, lasted_ns=500))
    assert known.of("a") == 500, "it was slow in the probe and quick in the window"
    known.note("a", result(expected_ns=500, lasted_ns=9000, boxes=3))
    assert known.of("a") == 500
    assert RULES.slug == "parity"


def test_what_failed_teaches_no_length_but_the_expected_one() -> None:
    known = Lengths()
    known.note("a", result(10_000, 5, outcome=Outcome.RUNTIME_ERROR))
    assert known.of("a") == 10_000


def test_it_forgets_who_was_judged_longest_ago(monkeypatch: object) -> None:
    known, once = Lengths(), result(10, 10)
    for place in range(lengths.KEPT + 1):
        known.note(str(place), once)
    assert (known.of("0"), known.of("1"), known.of(str(lengths.KEPT))) == (0, 10, 10)
