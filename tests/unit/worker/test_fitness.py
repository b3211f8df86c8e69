"""A host that failed proves that it can judge before it takes another run."""

import threading
from dataclasses import replace

import pytest

from minjoule.box import BoxFault, Phase
from tests.fakes.box import FakeBoxes, Script
from tests.unit.worker.test_judge import bench, claim, reporter
from worker import judge as judging
from worker.fitness import Fitness


def test_a_host_that_cannot_prove_itself_claims_nothing_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PAUSE_S", 0.0)
    boxes, broken = FakeBoxes(Script(broken={Phase.SCORE: "the engine starts nothing"})), [True]

    def prove() -> None:
        boxes.journal.append("prove")
        if broken:
            raise BoxFault("the engine starts nothing")

    server = reporter(boxes, *(claim(f"r{place}") for place in range(3)))
    sick = replace(bench(boxes), fitness=Fitness(prove))
    for _ in range(3):
        with pytest.raises(BoxFault):
            judging.judge_all(server, sick, threading.Event())
    assert (set(server.faults), len(server.queue)) == ({"r0"}, 2)

    broken.clear()
    boxes.script.broken.clear()
    assert judging.judge_all(server, sick, threading.Event()) == 2
    assert set(server.reports) == {"r1", "r2"}
    assert boxes.journal.count("prove") == 4, "once it's proven, it isn't asked again"


def test_a_host_that_never_failed_proves_nothing() -> None:
    boxes = FakeBoxes()
    sick = replace(bench(boxes), fitness=Fitness(lambda: boxes.journal.append("prove")))
    assert judging.judge_all(reporter(boxes, claim("r1")), sick, threading.Event()) == 1
    assert "prove" not in boxes.journal
