"""What `minjoule try` adds to the bare training of the same example."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.result import Figure

EXAMPLE = Path(__file__).parents[1] / "starter_kit" / "examples" / "digits-mlp"
KEY = "07" * 32
BARE = f"""
import os, sys
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, {str(EXAMPLE)!r})
from minjoule.problems import PROBLEMS
from minjoule.scorer import bits_lost
import entry
instance = PROBLEMS["digits"].draw(bytes.fromhex({KEY!r}))
model = entry.load(entry.train(instance.training, seed=1))
print(bits_lost(model.predict(instance.held_out.inputs), instance.held_out.labels))
"""


def measure() -> list[Figure]:
    """Difference of the medians of seven, in turns; the first of each warms up."""
    tried, bare = [], []
    line = "from minjoule.cli import main; main()"
    for _ in range(8):
        tried.append(seconds(["-c", line, "try", str(EXAMPLE), "--key", KEY, "--seed", "1", "--json"]))
        bare.append(seconds(["-c", BARE]))
    return [Figure("try_overhead_s", statistics.median(tried[1:]) - statistics.median(bare[1:]), "s", "<= 0.3")]


def seconds(arguments: list[str]) -> float:
    """Wall clock of a Python process that keeps its compiled modules, as Python does unless it's told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - began
