"""Whole trials in the local box: every way an entrant's program can end, and what it is billed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minjoule.box import BoxFault, BoxLimits
from minjoule.contract import SupervisedSet
from minjoule.local_box import LocalBoxes
from minjoule.meter import CpuTimeMeter
from minjoule.outcome import Outcome
from minjoule.problems.base import HeldOutExamples, Instance
from minjoule.trial import Trial, TrialCaps, TrialResult, TrialSpec

HONEST = """
import numpy as np
def train(data, *, seed):
    return b"model"
class Model:
    def reset(self, streams): pass
    def predict(self, inputs): return np.zeros((len(inputs), 2), np.float32)
def load(artifact): return Model()
"""
BURN = """
import time
def burn(seconds):
    begun = time.process_time()
    while time.process_time() - begun < seconds: pass
"""
Run = Callable[..., TrialResult]


def draw(place: int) -> Instance:
    inputs, labels = np.ones((8, 3), np.float32), np.zeros(8, np.uint8)
    return Instance(SupervisedSet(inputs, labels, 2), HeldOutExamples(inputs, labels, 4), 2, "0" * 64)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def carry_out(source: str, wall_s: float = 20, cpu_s: float = 20, **files: str) -> TrialResult:
        bundle = tmp_path / "bundle"
        bundle.mkdir()
        for name, text in {"entry": source, **files}.items():
            (bundle / f"{name}.py").write_text(text)
        limits = BoxLimits(wall_s, cpu_s, 1 << 29, 1 << 26, 64, 10_000)
        caps = TrialCaps(limits, limits, artifact_bytes=1000)
        spec = TrialSpec("test", bundle, "entry.py", ("numpy",), "python", draw, 7, caps)
        with Trial(spec, LocalBoxes(), CpuTimeMeter()) as trial:
            return trial.carry_out(lambda progress: None)

    return carry_out


def test_an_honest_entry_finishes_with_loss_and_joules(run: Run) -> None:
    result = run(HONEST)
    assert (result.outcome, result.loss, result.symbols) == (Outcome.FINISHED, 1.0, 8)
    assert result.score is not None
    assert result.energy_uj == result.train.measurement.energy_uj + result.score.measurement.energy_uj > 0


TRAIN_ENDS = {
    "raises": ("def train(data, *, seed): raise ValueError('no luck')", Outcome.RUNTIME_ERROR, "ValueError: no luck"),
    "returns no bytes": ("def train(data, *, seed): return [1]", Outcome.BAD_ARTIFACT, "returned list, bytes are due"),
    "returns nothing": ("def train(data, *, seed): return b''", Outcome.BAD_ARTIFACT, "returned 0 bytes; between 1 and 1000"),
    "returns too much": ("def train(data, *, seed): return bytes(1001)", Outcome.BAD_ARTIFACT, "returned 1001 bytes"),
    "returns far too much": ("def train(data, *, seed): return bytes(10**8)", Outcome.BAD_ARTIFACT, "declares 100000000 bytes"),
    "has a syntax error": ("def train(:", Outcome.RUNTIME_ERROR, "SyntaxError"),
    "has no train": ("x = 1", Outcome.RUNTIME_ERROR, "has no attribute 'train'"),
    "exits with 0": ("import os\ndef train(data, *, seed): os._exit(0)", Outcome.BAD_ARTIFACT, "no whole artifact had come"),
    "forges a timeout": ("import os\ndef train(data, *, seed): print('time limit'); os._exit(124)", Outcome.RUNTIME_ERROR, "exit code 124"),
    "calls sys.exit": ("import sys\ndef train(data, *, seed): sys.exit(3)", Outcome.RUNTIME_ERROR, "SystemExit: 3"),
    "takes too much memory": ("def train(data, *, seed): return bytes(2**30)[:5]", Outcome.MEMORY_LIMIT, "MemoryError"),
}


@pytest.mark.parametrize(("source", "outcome", "said"), TRAIN_ENDS.values(), ids=TRAIN_ENDS.keys())
def test_a_train_that(run: Run, source: str, outcome: Outcome, said: str) -> None:
    result = run(source)
    assert result.outcome is outcome
    assert said in result.message
    assert result.loss is None
    assert result.score is None


SCORE_ENDS = {
    "answers NaN": ("np.full((len(inputs), 2), np.nan, np.float32)", Outcome.SCORING_ERROR, "returned nan in stream 0"),
    "answers the wrong shape": ("np.zeros((2, len(inputs)), np.float32)", Outcome.SCORING_ERROR, "shape (2, 4), (4, 2) is due"),
    "answers the wrong type": ("np.zeros((len(inputs), 2), np.int64)", Outcome.SCORING_ERROR, "dtype int64, float32 is due"),
    "raises": ("1 / 0", Outcome.SCORING_ERROR, "ZeroDivisionError"),
    "exits": ("__import__('os')._exit(0)", Outcome.SCORING_ERROR, "exit code 0"),
}


@pytest.mark.parametrize(("answer", "outcome", "said"), SCORE_ENDS.values(), ids=SCORE_ENDS.keys())
def test_a_predict_that(run: Run, answer: str, outcome: Outcome, said: str) -> None:
    result = run(HONEST.replace("np.zeros((len(inputs), 2), np.float32)", answer))
    assert result.outcome is outcome
    assert said in result.message
    assert result.score is not None, "what was tried is billed"


def test_a_sleeper_meets_the_wall_clock(run: Run) -> None:
    result = run("import time\ndef train(data, *, seed): time.sleep(60)", wall_s=0.5)
    assert result.outcome is Outcome.TIME_LIMIT
    assert "0.5 s" in result.message
    assert result.train.measurement.window.wall_s < 5


def test_a_burner_meets_the_cpu_cap(run: Run) -> None:
    result = run(BURN + "def train(data, *, seed): burn(60)", cpu_s=0.5)
    assert result.outcome is Outcome.TIME_LIMIT
    assert "CPU seconds" in result.message


def test_slow_predictions_meet_the_scoring_limit(run: Run) -> None:
    result = run(
        HONEST.replace("def predict(self, inputs):", "def predict(self, inputs):\n        import time; time.sleep(60)\n       "), wall_s=3
    )
    assert result.outcome is Outcome.SCORING_LIMIT


def test_learning_in_load_is_billed(run: Run) -> None:
    lazy = run(BURN + HONEST.replace("def load(artifact):", "def load(artifact):\n    burn(0.3)\n   "))
    assert lazy.outcome is Outcome.FINISHED
    assert lazy.score is not None
    assert lazy.score.measurement.energy_uj >= 3_000_000  # 0.3 s x 10 W


def test_a_daemon_that_outlives_train_is_billed_and_killed(run: Run, tmp_path: Path) -> None:
    proof = tmp_path / "alive"
    daemon = f"""
import os, time
def train(data, *, seed):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            burn(1.0)
            while True:
                open({str(proof)!r}, "w").write(str(time.time()))
                time.sleep(0.01)
        os._exit(0)
    time.sleep(0.6)
    return b"model"
"""
    result = run(BURN + HONEST + daemon)
    assert result.outcome is Outcome.FINISHED
    assert result.train.measurement.energy_uj > 1_000_000  # it burned at least 0.1 of the 0.6 s that it lived
    assert not proof.exists()


def test_a_crowd_that_outlives_train_is_killed(run: Run) -> None:
    crowd = """
import os, threading, time
def train(data, *, seed):
    for _ in range(40):
        if os.fork() == 0:
            for _ in range(30):
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            time.sleep(60)
            os._exit(0)
    time.sleep(0.5)
    return b"model"
"""
    assert run(HONEST + crowd).outcome is Outcome.FINISHED


def test_a_module_of_the_bundle_does_not_shadow_the_prelude(run: Run) -> None:
    result = run(HONEST, numpy="raise SystemExit('shadowed')", sitecustomize="raise SystemExit('shadowed')")
    assert result.outcome is Outcome.FINISHED


def test_the_log_is_capped_and_flagged(run: Run) -> None:
    result = run(HONEST.replace('return b"model"', "print('x' * 50_000); return b'model'"))
    assert result.log_truncated
    assert len(result.log) == 10_000


def test_a_failing_train_keeps_its_traceback_without_our_frames(run: Run) -> None:
    result = run("def train(data, *, seed): raise ValueError('no luck')")
    assert b"entry.py" in result.log
    assert b"phases.py" not in result.log


def test_a_missing_prelude_is_our_fault(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text(HONEST)
    limits = BoxLimits(5, 5, 1 << 29, 1 << 26, 64, 10_000)
    spec = TrialSpec("test", tmp_path, "entry.py", ("no_such_module",), "python", draw, 7, TrialCaps(limits, limits, 1000))
    with Trial(spec, LocalBoxes(), CpuTimeMeter()) as trial, pytest.raises(BoxFault, match="no_such_module"):
        trial.carry_out(lambda progress: None)


def test_children_that_come_and_go_are_billed_and_never_make_the_counter_go_back(run: Run) -> None:
    source = """
import os, time
def train(data, *, seed):
    for _ in range(10):
        if os.fork() == 0:
            burn(0.1)
            os._exit(0)
        os.wait()
    return b"model"
"""
    result = run(BURN + HONEST + source)
    assert result.outcome is Outcome.FINISHED
    assert result.train.measurement.energy_uj >= 10_000_000  # 10 x 0.1 s x 10 W
