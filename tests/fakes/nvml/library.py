"""The stub of libnvidia-ml: built by the C compiler, scripted by a file, loaded by nvidia-ml-py as if it were NVIDIA's."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.simulated import MS, Power, constant

SOURCE = Path(__file__).with_name("stub.c")
NAME = "libnvidia-ml.so.1"


def build(folder: Path) -> Path:
    """Compile the stub into a folder for LD_LIBRARY_PATH; its file. Raises FileNotFoundError without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FileNotFoundError("cc")
    target = folder / NAME
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", f"-Wl,-soname,{NAME}", "-o", target, SOURCE], check=True)
    return target


@dataclass
class Boards:
    """What the stub's boards do, as written to its script."""

    script: Path
    power: Power = field(default_factory=lambda: constant(100))
    gpus: int = 1
    tick_ns: int = 20 * MS
    base_mj: int = 1_000_000
    limit_mw: int = 400_000
    mig: int = 0
    unsupported: int = 0
    lost: int = 0
    frozen_at_ns: int = 0
    pids: tuple[int, ...] = ()

    def write(self) -> None:
        """Change the device, at once and whole."""
        words = ("gpus", "tick_ns", "base_mj", "limit_mw", "mig", "unsupported", "lost", "frozen_at_ns")
        lines = [f"{word} {getattr(self, word)}" for word in words] + [f"pid {pid}" for pid in self.pids]
        lines += [f"step {until} {watts * 1000:.6f}" for until, watts in self.power.steps]
        fresh = self.script.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        os.replace(fresh, self.script)
