"""Modelled energy of a box's CPU work: micro-ops, L1 misses and DRAM lines, counted, times a published table. ``modelled-cpu``.

A model, but a steady one: counts of equal runs differ by thousandths where CPU time differs by percents. Non-temporal stores aren't
counted. It's taken only where a probe that streams known bytes finds them counted within 20 %.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from minjoule.box import Box
from minjoule.meter import Channel, MeterFacts, MeterFault, Reading, Reason, take
from worker.meters.perf import Counters, Event, KernelCounters

RAW, HW_CACHE = 4, 3
L1D_READ_MISS = 0x1_0000
PJ_PER_UJ = 1_000_000
LINE_BYTES = 64
TABLE = "movement-1"
"""Per DRAM line 16 words x 640 pJ, per L1 miss 16 words x 50 pJ (Dally, MICRO-52); per micro-op 70 pJ (Horowitz, ISSCC 2014)."""
WEIGHTS_PJ = {"uops": 70, "l1-misses": 800, "dram-lines": 10_240}
ZEN4_MODELS = [range(0x10, 0x20), range(0x60, 0x80), range(0xA0, 0xB0)]
MANY_UOPS = 100_000_000
TOLERANCE = 0.2
CGROUPS = Path("/sys/fs/cgroup")
PROBE_PASSES, PROBE_BYTES = 8, 256 << 20
STREAM = f"""
import numpy
block = numpy.ones({PROBE_BYTES // 8})
print("ready", flush=True)
input()
for _ in range({PROBE_PASSES}):
    block.sum()
print("done", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Processor:
    """What /proc/cpuinfo says of the first processor."""

    vendor: str
    family: int
    model: int


class CpuCountersMeter:
    """Counts a box's control group, on every CPU. Raises MeterFault where the probe doesn't pass.

    ``group_of`` gives the folder of a box's group in the unified hierarchy; None where it has none.
    """

    channels = tuple(Channel(f"cpu-counters/{name}", weight, PJ_PER_UJ) for name, weight in WEIGHTS_PJ.items())

    def __init__(
        self,
        counters: Counters | None = None,
        group_of: Callable[[Box], Path | None] | None = None,
        events: tuple[Event, ...] | None = None,
        probe: Callable[["CpuCountersMeter"], None] | None = None,
    ) -> None:
        self._events = events or events_of(processor())
        self._counters = counters or KernelCounters()
        self._group_of = group_of or folder_of
        self._cpus = range(os.cpu_count() or 1)
        self._box: Box | None = None
        self._open: dict[str, list[int]] = {}
        (probe or probe_by_streaming)(self)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="cpu-counters",
            boundary="modelled-cpu",
            modelled=True,
            covers="micro-ops, L1 misses and DRAM lines of every process in the box, user and kernel",
            update_s=0.0,
            relative_error=None,
            note=f"modelled: counted events x the table {TABLE}; non-temporal stores aren't counted; not a measurement",
            gain_basis="modelled",
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Events of the box since it was first asked for, which is before its gate opens. Raises MeterFault."""
        if box is not self._box:
            group = self._group_of(box)
            if group is None:
                raise MeterFault("this box has no control group in the unified hierarchy", Reason.ABSENT, "Use control groups version 2")
            self.attach(group)
            self._box = box
        pairs = zip(self.channels, self._events, strict=True)
        readings = tuple(take(channel.name, partial(self._sum, event.name)) for channel, event in pairs)
        counted = {event.name: reading.raw for event, reading in zip(self._events, readings, strict=True)}
        if counted["uops"] > MANY_UOPS and not all(counted.values()):
            detail = ", ".join(f"{name} {value}" for name, value in counted.items())
            raise MeterFault(f"a counter reads 0 beside others that count ({detail}): too many are in use at once", Reason.FROZEN)
        return readings

    def admit(self) -> None:
        """Other processes aren't counted, so they don't matter."""

    def attach(self, group: Path) -> None:
        """Count this group from now on, and no other. Raises MeterFault."""
        self.close()
        try:
            descriptor = os.open(group, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise MeterFault(f"the control group {group} can't be opened: {error.strerror}", Reason.ABSENT) from None
        try:
            for event in self._events:
                self._open[event.name] = [self._counters.open(event, descriptor, cpu) for cpu in self._cpus]
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the counters."""
        for descriptors in self._open.values():
            for descriptor in descriptors:
                self._counters.close(descriptor)
        self._open, self._box = {}, None

    def _sum(self, name: str) -> int:
        counts = [self._counters.read(descriptor) for descriptor in self._open[name]]
        for each in counts:
            if each.enabled_ns != each.running_ns:
                shared = f"it counted for {each.running_ns} of {each.enabled_ns} ns"
                raise MeterFault(f"the counter of {name} had to be shared ({shared}): the run is void", Reason.GAP, "Stop other profilers")
        return sum(each.value for each in counts)

    def dram_lines(self) -> int:
        """Lines from DRAM so far."""
        return self._sum("dram-lines")


def events_of(cpu: Processor) -> tuple[Event, ...]:
    """The events of a processor whose table is known: AMD Zen 4 and 5. Raises MeterFault (ABSENT)."""
    zen4 = cpu.family == 0x19 and any(cpu.model in models for models in ZEN4_MODELS)
    if cpu.vendor != "AuthenticAMD" or not (zen4 or cpu.family == 0x1A):
        detail = f"{cpu.vendor or 'this processor'} family {cpu.family:#x} model {cpu.model:#x}"
        raise MeterFault(f"no table of events for {detail}; there is one for AMD Zen 4 and 5", Reason.ABSENT, "Use modelled-cpu-time")
    dram = amd_raw(0x165, 0x08)
    return (Event("uops", RAW, amd_raw(0xC1)), Event("l1-misses", HW_CACHE, L1D_READ_MISS), Event("dram-lines", RAW, dram))


def amd_raw(event: int, umask: int = 0) -> int:
    """AMD's encoding: the event's bits 8 to 11 go to 32 to 35."""
    return (event & 0xFF) | umask << 8 | (event >> 8) << 32


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> Processor:
    """The first processor's vendor, family and model; zeros where the kernel doesn't tell."""
    text = cpuinfo.read_text() if cpuinfo.exists() else ""

    def said(key: str) -> str:
        found = re.search(rf"^{key}\s*: (.*)$", text, re.MULTILINE)
        return found[1].strip() if found else ""

    return Processor(said("vendor_id"), int(said("cpu family") or 0), int(said("model") or 0))


def folder_of(box: Box) -> Path | None:
    """The folder that a box tells of, if it does."""
    folder = getattr(box, "group_folder", None)
    return folder if isinstance(folder, Path) else None


def unified_root(root: Path = CGROUPS) -> Path:
    """Where the unified hierarchy is mounted. Raises MeterFault (ABSENT)."""
    for folder in (root, root / "unified"):
        if (folder / "cgroup.procs").exists():
            return folder
    raise MeterFault(f"no unified hierarchy of control groups below {root}", Reason.ABSENT, "Use control groups version 2")


def probe_by_streaming(meter: CpuCountersMeter, root: Path | None = None) -> None:
    """Stream known bytes in a group of our own and compare. Raises MeterFault beyond 20 %."""
    group = (root or unified_root()) / f"minjoule-probe-{os.getpid()}"
    try:
        group.mkdir()
        try:
            meter.attach(group)
            counted = streamed_lines(meter, group)
        finally:
            meter.close()
            group.rmdir()
    except (OSError, ValueError) as error:
        mend = "Run the worker as root on control groups version 2"
        raise MeterFault(f"the probe of the counters failed: {error}", Reason.ABSENT, mend) from None
    refuse_miscount(counted)


def streamed_lines(meter: CpuCountersMeter, group: Path) -> int:
    """DRAM lines that are counted while a child in the group streams; it's gone afterwards."""
    command = [sys.executable, "-c", STREAM]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=nowhere) as child:
        if child.stdin is None or child.stdout is None:
            raise ValueError("no pipes to the probe")
        child.stdout.readline()
        (group / "cgroup.procs").write_text(str(child.pid))
        before = meter.dram_lines()
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        return meter.dram_lines() - before


def refuse_miscount(counted: int) -> None:
    """What was counted against what was streamed. Raises MeterFault."""
    expected = PROBE_PASSES * PROBE_BYTES // LINE_BYTES
    if abs(counted / expected - 1) > TOLERANCE:
        detail = f"{counted} lines were counted where {expected} were streamed, {TOLERANCE:.0%} are allowed"
        raise MeterFault(f"the counters don't count what they should: {detail}", Reason.ABSENT, "Use modelled-cpu-time")
