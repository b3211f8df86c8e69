"""AMD's energy accumulators of Instinct boards, by the Python package amdsmi (optional): counts of some 15.3 microjoules.

Bare metal only. On some firmware the accumulator stands still or goes back: then the run is void. With RAPL it's ``node``.
Source: amdsmi_get_energy_count of AMD SMI; its package is installed with ROCm, or `pip install 'minjoule-platform[amd]'`.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from worker.meters.certificate import Gain
from worker.meters.nvml import in_a_box
from worker.meters.timing import Timing, probe_ticks

UNCALIBRATED = Gain()
LEAST_UW, MOST_UNKNOWN_UW = 1_000_000, 3_000_000_000
PEAK_OVER_LIMIT = 2
LOOK_ROUND_S = 1.0
WRAPS_AT = 1 << 64
COUNTS = ("energy_accumulator", "power")
"""What the package calls the accumulator: since ROCm 6.2, and before."""
INSTALL = "Install ROCm's amdsmi (or `pip install 'minjoule-platform[amd]'`) with AMD's driver; without it RAPL covers AMD's packages"


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One board: its handle and UUID, its channel and what is known of its gain."""

    handle: object
    uuid: str
    channel: Channel
    gain: Gain


class AmdsmiMeter:
    """Every board of the machine, or those of the UUIDs given. Raises MeterFault where there is none, or one that can't be metered."""

    def __init__(
        self,
        uuids: tuple[str, ...] = (),
        timing: Timing | None = None,
        gain: Callable[[str], Gain] = lambda uuid: UNCALIBRATED,
        ours: Callable[[int], bool] = in_a_box,
    ) -> None:
        self._library = library()
        self._ours, self._look_at = ours, 0.0
        self._ask("whether a board is there", lambda: self._library.amdsmi_init(), Reason.ABSENT, INSTALL)
        handles = self._ask("its boards", self._library.amdsmi_get_processor_handles, Reason.ABSENT, INSTALL)
        found = {self._uuid(handle): handle for handle in handles}
        if missing := [uuid for uuid in uuids if uuid not in found]:
            detail = f"no board has the UUID {missing[0]}; there are: {', '.join(found) or 'none'}"
            raise MeterFault(detail, Reason.OTHER_DEVICE, "Mend `gpus` in the meters' file")
        if not found:
            raise MeterFault("amdsmi knows no board", Reason.ABSENT, INSTALL)
        wanted = {uuid: found[uuid] for uuid in uuids or found}
        self._boards = tuple(self._board(place, *each, timing, gain) for place, each in enumerate(wanted.items()))
        self.channels = tuple(each.channel for each in self._boards)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        known = [each.gain.relative for each in self._boards if each.gain.relative is not None]
        return MeterFacts(
            name="amdsmi",
            boundary="gpu",
            modelled=False,
            covers=f"{len(self._boards)} Instinct board{'s' if len(self._boards) > 1 else ''} with their memory",
            update_s=max(channel.update_ns for channel in self.channels) / 1e9,
            relative_error=max(known) if len(known) == len(self._boards) else None,
            note="the board's own energy accumulator",
            gain_basis="; ".join(sorted({each.gain.basis for each in self._boards})),
            device=", ".join(each.uuid for each in self._boards),
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every board, now, and once a second a look for strangers on them. Raises MeterFault."""
        if time.monotonic() > self._look_at:
            self._look_at = time.monotonic() + LOOK_ROUND_S
            self._refuse_processes(lambda pid: not self._ours(pid))
        return tuple(take(each.channel.name, lambda each=each: self._count(each.handle)[0]) for each in self._boards)  # type: ignore[misc]

    def admit(self) -> None:
        """No process of anybody is on a board. Raises MeterFault (FOREIGN_PROCESS)."""
        self._refuse_processes(lambda pid: True)

    def _refuse_processes(self, unwanted: Callable[[int], bool]) -> None:
        for each in self._boards:
            running = self._ask("its processes", partial(self._library.amdsmi_get_gpu_process_list, each.handle))
            for process in running:
                if not isinstance(process, dict) or "pid" not in process:
                    detail = "this version of amdsmi doesn't tell the processes on a board"
                    raise MeterFault(detail, Reason.MISCONFIGURED, "Install amdsmi of ROCm 6.2 or later")
                if unwanted(int(process["pid"])):
                    whose = "a box's" if self._ours(int(process["pid"])) else "somebody else's"
                    detail = f"{whose} process {process['pid']} is on board {each.uuid}"
                    raise MeterFault(detail, Reason.FOREIGN_PROCESS, "End it, or keep it off; `amd-smi process` shows it")

    def _uuid(self, handle: object) -> str:
        return str(self._ask("a UUID", lambda: self._library.amdsmi_get_gpu_device_uuid(handle)))

    def _board(self, place: int, uuid: str, handle: object, timing: Timing | None, gain_of: Callable[[str], Gain]) -> Accelerator:
        gain, (_, resolution) = gain_of(uuid), self._count(handle)
        name, limit = f"amdsmi/gpu-{place}", self._most_uw(handle)
        plain = Channel(name, *resolution.as_integer_ratio(), WRAPS_AT, Kind.COUNTER, least_uw=LEAST_UW, most_uw=limit)
        timing = timing or probe_ticks(name, lambda: self._count(handle)[0])
        return Accelerator(handle, uuid, timing.of(gain.of(plain)), gain)

    def _count(self, handle: object) -> tuple[int, Fraction]:
        """The accumulator, and what one count is, microjoules: an exact ratio of the library's single-precision figure."""
        said = self._ask("a board's energy", lambda: self._library.amdsmi_get_energy_count(handle))
        counted = next((said[name] for name in COUNTS if name in said), None)
        step = said.get("counter_resolution")
        if not isinstance(counted, int) or not isinstance(step, float) or not 0 < step < 1e6:
            raise MeterFault(f"amdsmi's energy is no count and resolution: {str(said)[:200]}", Reason.SILENT, INSTALL)
        return counted, Fraction(step).limit_denominator(1000)

    def _most_uw(self, handle: object) -> int:
        """What the board surely never draws: twice its power cap."""
        try:
            cap_uw = int(self._library.amdsmi_get_power_cap_info(handle)["power_cap"])
        except (self._library.AmdSmiException, KeyError, TypeError, ValueError):
            return MOST_UNKNOWN_UW
        return cap_uw * PEAK_OVER_LIMIT if 10_000_000 < cap_uw < MOST_UNKNOWN_UW else MOST_UNKNOWN_UW

    def _ask(self, what: str, call: Callable[[], Any], reason: Reason = Reason.SILENT, mend: str = "") -> Any:
        try:
            return call()
        except self._library.AmdSmiException as error:
            raise MeterFault(f"amdsmi doesn't tell {what} ({str(error).strip()[:200]})", reason, mend) from None


def library() -> Any:
    """The package, with AMD's library behind it. Raises MeterFault."""
    try:
        return importlib.import_module("amdsmi")
    except ModuleNotFoundError:
        raise MeterFault("the Python package amdsmi isn't installed", Reason.ABSENT, INSTALL) from None
    except (ImportError, OSError, KeyError, AttributeError) as error:
        raise MeterFault(f"amdsmi can't load AMD's library ({str(error)[:200]})", Reason.ABSENT, INSTALL) from None
