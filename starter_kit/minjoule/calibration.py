"""A track's baselines on many fresh instances: what scatter, target and caps they call for. No box and no meter: losses and times alone.

The entries run in this very process, unguarded: only for code of one's own.
"""

import importlib.util
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from minjoule.bundle import read_folder
from minjoule.problems.base import Instance
from minjoule.scorer import Room, bits_lost, due, questions
from minjoule.tracks import TrackRules

HEADROOM = 20.0
"""Caps allow so many times what the slowest baseline took."""
TARGET_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One baseline on one instance: mean bits per symbol, CPU seconds of both phases, artifact bytes, symbols scored."""

    loss: float
    train_s: float
    score_s: float
    artifact_bytes: int
    symbols: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline's trials."""

    name: str
    trials: tuple[Trial, ...]

    @property
    def mean(self) -> float:
        """Of the losses."""
        return statistics.fmean(trial.loss for trial in self.trials)

    @property
    def scatter(self) -> float:
        """Standard deviation of one run's loss."""
        return statistics.stdev(trial.loss for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the baselines call for: loss in the track's unit, seconds, bytes."""

    target_loss: float
    sigma: float
    cpu_s: float
    score_cpu_s: float
    artifact_bytes: int


def try_out(folder: Path, draw: Callable[[bytes], Instance], times: int) -> Baseline:
    """Run the entry in ``folder`` on ``times`` fresh instances."""
    bundle = read_folder(folder)
    entry = imported(folder / bundle.manifest.entrypoint)
    return Baseline(bundle.manifest.name, tuple(carry_out(entry, draw(os.urandom(32))) for _ in range(times)))


def imported(path: Path) -> ModuleType:
    """The entrypoint as a module of a name of its own. Raises ImportError."""
    spec = importlib.util.spec_from_file_location(f"calibrated_{path.parent.name.replace('-', '_')}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def carry_out(entry: ModuleType, instance: Instance) -> Trial:
    """Train and score as a trial does, by the judge's own questions and arithmetic."""
    began = time.process_time()
    artifact = entry.train(instance.training, seed=int.from_bytes(os.urandom(7), "big"))
    trained = time.process_time()
    predictor, bits = entry.load(artifact), 0.0
    inputs = instance.held_out.inputs if hasattr(instance.held_out, "inputs") else None
    for question in questions(instance.held_out):
        if question.reset is not None:
            predictor.reset(question.reset)
        if inputs is None:
            asked = np.frombuffer(question.inputs, dtype=np.uint8)
        else:
            asked = np.frombuffer(question.inputs, dtype=inputs.dtype).reshape(len(question.truth), -1)
        logits = np.ascontiguousarray(predictor.predict(asked), dtype=np.float32)
        bits += bits_lost(logits, question.truth, Room((len(question.truth), instance.alphabet)))
    count = due(instance.held_out)
    return Trial(bits / count, trained - began, time.process_time() - trained, len(artifact), count)


def propose(baselines: Sequence[Baseline], target_loss: float) -> Proposal:
    """Sigma is the greatest scatter among those that reach ``target_loss``; the target, what the best of all reaches with room for it."""
    reaching = [each for each in baselines if each.mean <= target_loss] or [min(baselines, key=lambda each: each.mean)]
    sigma = rounded_up(max(each.scatter for each in reaching))
    best = min(each.mean for each in baselines)
    trials = [trial for each in baselines for trial in each.trials]
    return Proposal(
        target_loss=math.ceil((best + TARGET_SIGMAS * sigma) * 100) / 100,
        sigma=sigma,
        cpu_s=rounded_up(HEADROOM * max(trial.train_s for trial in trials)),
        score_cpu_s=rounded_up(HEADROOM * max(trial.score_s for trial in trials)),
        artifact_bytes=round(rounded_up(1.5 * max(trial.artifact_bytes for trial in trials))),
    )


def rounded_up(value: float) -> float:
    """To two significant digits, upward."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step - 1e-9) * step:.2g}")


def log_of(rules: TrackRules, baselines: Sequence[Baseline], proposal: Proposal, stamp: str) -> str:
    """The calibration as a page of Markdown."""
    rows = [
        f"| {each.name} | {len(each.trials)} | {each.mean:.4f} | {each.scatter:.4f} | {max(t.loss for t in each.trials):.4f} | "
        f"{max(t.train_s for t in each.trials):.2f} | {max(t.score_s for t in each.trials):.2f} | "
        f"{max(t.artifact_bytes for t in each.trials)} |"
        for each in baselines
    ]
    proposed = (
        f"Proposed: target {proposal.target_loss:g}, sigma {proposal.sigma:g}, CPU caps {proposal.cpu_s:g} s + {proposal.score_cpu_s:g} s, "
        f"artifact {proposal.artifact_bytes} bytes."
    )
    caps = rules.caps
    frozen = (
        f"In the rules: target {rules.target_loss:g}, sigma {rules.sigma:g}, CPU caps {caps.cpu_s:g} s + {caps.score_cpu_s:g} s, "
        f"artifact {caps.artifact_bytes} bytes."
    )
    head = (
        "| baseline | instances | mean loss | scatter of a run | worst | train CPU s, at most | score CPU s, at most | artifact, at most |"
    )
    return "\n".join(
        [
            f"# Calibration of {rules.slug}",
            "",
            f"{stamp} · `minjoule-admin track calibrate {rules.slug} --times {len(baselines[0].trials)}` · losses in {rules.unit}",
            "",
            head,
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            proposed,
            "",
            frozen,
            "",
        ]
    )
