"""NVML's energy counters of GPU boards, by nvidia-ml-py: millijoules since the driver was loaded, Volta and later.

The power readings aren't used: on an A100 they see 25 ms of every 100 ms. A read costs some 3 ms, and polling adds power.
A GPU alone is never a boundary: with RAPL it's ``node``.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pynvml

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from worker.meters.certificate import Gain
from worker.meters.timing import Timing, probe_ticks

CLASS = Gain(ppm=28_868, basis="class: +-5 % a card, by third parties")
"""+-5 %, evenly spread: 5 % / sqrt(3)."""
LEAST_UW, MOST_UNKNOWN_UW = 1_000_000, 1_500_000_000
PEAK_OVER_LIMIT = 2
"""A board may pass its power limit for milliseconds."""
OURS = re.compile(r"[/-]minjoule[/.-]")
LOOK_ROUND_S = 1.0
DRIVER = "Install NVIDIA's driver, and look whether `nvidia-smi` answers"


@dataclass(frozen=True, slots=True)
class Board:
    """One GPU: its handle, its name and UUID, its channel and what is known of its gain."""

    handle: object
    sku: str
    uuid: str
    channel: Channel
    gain: Gain

    def energy_mj(self) -> int:
        """Millijoules since the driver was loaded. Raises MeterFault."""
        return int(ask(f"the energy of {self.sku} {self.uuid}", lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(self.handle)))


class NvmlMeter:
    """Every GPU of the machine, or those of the UUIDs given. Raises MeterFault where there is none, or one that can't be metered.

    ``ours`` says whether a process belongs to a box of ours; anybody else's on a board voids the run.
    """

    def __init__(
        self,
        uuids: tuple[str, ...] = (),
        timing: Timing | None = None,
        gain: Callable[[str], Gain] = lambda uuid: CLASS,
        ours: Callable[[int], bool] | None = None,
    ) -> None:
        ask("whether it's there", pynvml.nvmlInit, Reason.ABSENT, DRIVER)
        self._driver = str(ask("the driver's version", pynvml.nvmlSystemGetDriverVersion))
        self._ours = ours or in_a_box
        self._look_at = 0.0
        handles = [ask("a GPU", partial(pynvml.nvmlDeviceGetHandleByIndex, place)) for place in range(count())]
        found = {str(ask("a UUID", partial(pynvml.nvmlDeviceGetUUID, handle))): handle for handle in handles}
        if missing := [uuid for uuid in uuids if uuid not in found]:
            have = ", ".join(found) or "none"
            raise MeterFault(f"no GPU has the UUID {missing[0]}; there are: {have}", Reason.OTHER_DEVICE, "Mend `gpus` in the meters' file")
        if not found:
            raise MeterFault("NVML knows no GPU", Reason.ABSENT, DRIVER)
        wanted = {uuid: found[uuid] for uuid in uuids or found}
        self._boards = tuple(board(place, uuid, handle, timing, gain(uuid)) for place, (uuid, handle) in enumerate(wanted.items()))
        self.channels = tuple(each.channel for each in self._boards)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="nvml",
            boundary="gpu",
            modelled=False,
            covers=", ".join(f"board of {each.sku} with its memory" for each in self._boards),
            update_s=max(channel.update_ns for channel in self.channels) / 1e9,
            relative_error=max(each.gain.relative or 0.0 for each in self._boards),
            note="the board's own energy counter",
            gain_basis="; ".join(sorted({each.gain.basis for each in self._boards})),
            device=f"driver {self._driver}: " + ", ".join(f"{each.sku} {each.uuid}" for each in self._boards),
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every board, now, and once a second a look for strangers on them. Raises MeterFault."""
        if time.monotonic() > self._look_at:
            self._look_at = time.monotonic() + LOOK_ROUND_S
            self._refuse_processes(lambda pid: not self._ours(pid))
        return tuple(take(each.channel.name, each.energy_mj) for each in self._boards)

    def admit(self) -> None:
        """No process of anybody is on a board. Raises MeterFault (FOREIGN_PROCESS)."""
        self._refuse_processes(lambda pid: True)

    def _refuse_processes(self, unwanted: Callable[[int], bool]) -> None:
        for each in self._boards:
            if pids := [pid for pid in processes(each) if unwanted(pid)]:
                whose = "a box's" if self._ours(pids[0]) else "somebody else's"
                detail = f"{whose} process {pids[0]} is on {each.sku} {each.uuid}"
                raise MeterFault(detail, Reason.FOREIGN_PROCESS, f"End it, or keep it off; `nvidia-smi -i {each.uuid}` shows it")


def board(place: int, uuid: str, handle: object, timing: Timing | None, gain: Gain) -> Board:
    """A GPU that can be metered, its period probed. Raises MeterFault on MIG, vGPU and boards before Volta."""
    sku = str(ask("a GPU's name", lambda: pynvml.nvmlDeviceGetName(handle)))
    refuse_slices(sku, uuid, handle)
    name = f"nvml/gpu-{place}"
    channel = gain.of(Channel(name, 1000, 1, kind=Kind.COUNTER, least_uw=LEAST_UW, most_uw=peak_uw(handle)))
    bare = Board(handle, sku, uuid, channel, gain)
    bare.energy_mj()
    timing = timing or probe_ticks(name, bare.energy_mj)
    return replace(bare, channel=timing.of(channel))


def refuse_slices(sku: str, uuid: str, handle: object) -> None:
    """A sliced GPU (MIG) has no energy of a slice. Raises MeterFault."""
    try:
        current, _ = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:  # it can't be sliced, or its driver is older than that
        return
    if current:
        raise MeterFault(
            f"{sku} {uuid} is in MIG mode, which has no energy of a slice", Reason.ABSENT, f"Type `nvidia-smi -i {uuid} -mig 0`"
        )


def peak_uw(handle: object) -> int:
    """What the board surely never draws: twice its power limit."""
    try:
        return int(pynvml.nvmlDeviceGetEnforcedPowerLimit(handle)) * 1000 * PEAK_OVER_LIMIT
    except pynvml.NVMLError:
        return MOST_UNKNOWN_UW


def processes(each: Board) -> list[int]:
    """Processes with a context on a board."""
    running = ask(f"the processes on {each.sku}", lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(each.handle))
    return [int(process.pid) for process in running]


def count() -> int:
    """How many GPUs there are."""
    return int(ask("the number of GPUs", pynvml.nvmlDeviceGetCount))


def in_a_box(pid: int, proc: Path = Path("/proc")) -> bool:
    """Whether a process is in one of our boxes' control groups."""
    try:
        return bool(OURS.search((proc / str(pid) / "cgroup").read_text()))
    except OSError:
        return False


def ask(what: str, call: Callable[[], Any], reason: Reason = Reason.SILENT, mend: str = "") -> Any:
    """Call NVML. Raises MeterFault with what it said."""
    try:
        return call()
    except pynvml.NVMLError_NotSupported as error:
        mend = "NVML has energy counters on Volta and later, not on a virtual GPU: use another board, or a wall meter"
        raise MeterFault(f"NVML doesn't tell {what} ({error})", Reason.ABSENT, mend) from None
    except pynvml.NVMLError as error:
        raise MeterFault(f"NVML doesn't tell {what} ({error})", reason, mend) from None
