"""The scorer through a real box: a null model, and a byte bigram against a loop over dicts."""

import math
import tempfile
import time
from pathlib import Path

import docker
import numpy as np

from benchmarks.result import Figure
from minjoule.box import BoxLimits
from minjoule.contract import SequenceSet
from minjoule.meter import CpuTimeMeter
from minjoule.problems.base import HeldOutStreams, Instance
from minjoule.trial import Trial, TrialCaps, TrialSpec
from sandbox.docker_box import DockerBoxes

STREAMS, STEPS = 512, 4000
NULL = """
import numpy as np
def train(data, *, seed): return b"x"
def load(artifact): return Model()
class Model:
    def reset(self, streams): self.out = np.zeros((streams, 256), np.float32)
    def predict(self, inputs): return self.out
"""
BIGRAM = """
import numpy as np
def train(data, *, seed):
    pairs = data.symbols[:-1].astype(np.int64) * 256 + data.symbols[1:]
    return np.bincount(pairs, minlength=65536).astype(np.uint32).tobytes()
def load(artifact): return Model(np.frombuffer(artifact, np.uint32) + 0.5)
class Model:
    def __init__(self, counts): self.counts, self.logits = counts, np.log(counts).astype(np.float32).reshape(256, 256)
    def reset(self, streams): self.seen, self.out = None, np.empty((streams, 256), np.float32)
    def predict(self, inputs):
        if self.seen is not None:
            pairs = self.seen + inputs
            np.add.at(self.counts, pairs, 1)
            self.logits.ravel()[pairs] = np.log(self.counts[pairs])
        self.seen = inputs.astype(np.intp) * 256
        return np.take(self.logits, inputs, axis=0, out=self.out, mode="clip")
"""
TRAINING = 100_000


def measure() -> list[Figure]:
    """Symbols a second of the scoring window, medians of three."""
    symbols = np.random.default_rng(1).integers(0, 256, (STEPS + 1, STREAMS), dtype=np.uint8)
    null = sorted(through_a_box(NULL, symbols) for _ in range(3))[1]
    bigram = sorted(through_a_box(BIGRAM, symbols) for _ in range(3))[1]
    ratio = bigram / over_dicts(symbols.ravel()[: TRAINING + 4000].tolist())
    return [Figure("scorer_symbols_per_s", null, "symbols/s", ">= 1000000"), Figure("scorer_vs_dict_loop_ratio", ratio, "x", ">= 50")]


def through_a_box(source: str, symbols: np.ndarray) -> float:
    """Symbols a second, load included."""
    limits = BoxLimits(120, 120, 1 << 30, 1 << 26, 64, 1 << 16)
    training = SequenceSet(symbols.ravel()[:TRAINING].copy(), np.zeros(1, np.int64), 256)
    client = docker.from_env()
    with tempfile.TemporaryDirectory() as place:
        bundle = Path(place) / "bundle"
        bundle.mkdir()
        (bundle / "entry.py").write_text(source)
        instance = Instance(training, HeldOutStreams(symbols), 256, "0" * 64)
        caps = TrialCaps(limits, limits, 1 << 20)
        spec = TrialSpec("bench", bundle, "entry.py", ("numpy",), "python", lambda _: instance, 1, caps, {"host": "bench"})
        with Trial(spec, DockerBoxes(client, Path(place) / "boxes"), CpuTimeMeter()) as trial:
            result = trial.carry_out(lambda progress: None)
    client.close()
    if result.score is None or result.loss is None:
        raise RuntimeError(f"{result.outcome}: {result.message}")
    return result.symbols / result.score.measurement.window.wall_s


def over_dicts(symbols: list[int]) -> float:
    """The same bigram, trained on the same symbols, one character at a time: predict a dict of probabilities, observe."""
    counts: dict[int, dict[int, float]] = {context: {} for context in range(256)}
    for previous, symbol in zip(symbols[:TRAINING], symbols[1:TRAINING], strict=False):
        counts[previous][symbol] = counts[previous].get(symbol, 0) + 1
    began, bits, previous = time.perf_counter(), 0.0, symbols[TRAINING]
    for symbol in symbols[TRAINING + 1 :]:
        seen = counts[previous]
        total = sum(seen.values()) + 128
        probabilities = {each: (seen.get(each, 0) + 0.5) / total for each in range(256)}
        bits -= math.log2(probabilities[symbol])
        seen[symbol] = seen.get(symbol, 0) + 1
        previous = symbol
    return (len(symbols) - TRAINING - 1) / (time.perf_counter() - began)
