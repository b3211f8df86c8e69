"""`make demo EXIT=1` from a fresh clone, then once more."""

import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.result import Figure
from server.launcher import free_port

ROOT = Path(__file__).parents[1]


def measure() -> list[Figure]:
    """Seconds; cold makes the environment, warm has it. The engine's base image is there in both."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{place}/clone"], check=True)
        cold, warm = (seconds(Path(place) / "clone") for _ in range(2))
    return [Figure("demo_cold_s", cold, "s", "<= 600"), Figure("demo_warm_s", warm, "s", "<= 180")]


def seconds(clone: Path) -> float:
    """Wall clock of the command."""
    began = time.perf_counter()
    done = subprocess.run(["make", "demo", "EXIT=1", f"PORT={free_port()}"], cwd=clone, check=False, stdout=subprocess.PIPE, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"the demo failed after {took:.0f} s:\n{done.stdout[-3000:]}")
    return took
