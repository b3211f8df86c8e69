"""A powercap tree whose counters follow a known power: files like the kernel's, written by a process of their own.

``python -m tests.fakes.powercap ROOT TICK_NS`` keeps them; the script in ``ROOT/script.json`` says what each zone draws.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.simulated import MS, Power, constant

RANGE_UJ = 262_143_328_850


@dataclass
class Powercap:
    """A tree with one package and its dram, an iGPU inside, and a psys and an mmio copy to be left alone. A context."""

    root: Path
    power: Power = field(default_factory=lambda: constant(50))
    dram: Power = field(default_factory=lambda: constant(4))
    tick_ns: int = 5 * MS
    range_uj: int = RANGE_UJ
    offset_uj: int = 0
    """Added to the package's counter before it wraps."""
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Powercap":
        package = self.root / "intel-rapl:0"
        self.zone(package, "package-0")
        self.zone(package / "intel-rapl:0:0", "core")
        self.zone(package / "intel-rapl:0:1", "uncore")
        self.zone(package / "intel-rapl:0:2", "dram")
        self.zone(self.root / "intel-rapl:1", "psys")
        self.zone(self.root / "intel-rapl-mmio:0", "package-0")
        (package / "constraint_0_power_limit_uw").write_text("150000000\n")
        (package / "intel-rapl:0:2" / "constraint_0_power_limit_uw").write_text("30000000\n")
        script = {"package": self.power.steps, "dram": self.dram.steps, "range_uj": self.range_uj, "offset_uj": self.offset_uj}
        (self.root / "script.json").write_text(json.dumps(script))
        command = [sys.executable, "-m", "tests.fakes.powercap", str(self.root), str(self.tick_ns)]
        self._process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it writes
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def zone(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "energy_uj").write_text(f"{0:018d}\n")
        (folder / "max_energy_range_uj").write_text(f"{self.range_uj}\n")

    def truth_uj(self, begin_ns: int, end_ns: int) -> float:
        return sum(each.energy_uj(end_ns) - each.energy_uj(begin_ns) for each in (self.power, self.dram))


def keep(root: Path, tick_ns: int) -> None:
    """Write both counters at every tick, for ever. A line is replaced in place, so that nobody reads half of one."""
    with contextlib.suppress(OSError):  # a busy machine may not make the fake tick late: silicon doesn't either
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    script = json.loads((root / "script.json").read_text())
    package, dram = (Power(*(tuple(step) for step in script[name])) for name in ("package", "dram"))
    files = [os.open(root / "intel-rapl:0" / part / "energy_uj", os.O_WRONLY) for part in ("", "intel-rapl:0:2")]
    told = False
    while True:
        at_ns = (time.monotonic_ns() // tick_ns + 1) * tick_ns
        time.sleep(max(at_ns - time.monotonic_ns(), 0) / 1e9)
        now_ns = time.monotonic_ns()
        values = [package.energy_uj(now_ns) + script["offset_uj"], dram.energy_uj(now_ns)]
        for file, value in zip(files, values, strict=True):
            os.pwrite(file, f"{int(value) % (script['range_uj'] + 1):018d}\n".encode(), 0)
        if not told:
            print("writing", flush=True)
            told = True


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
