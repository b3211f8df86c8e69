"""A stand-in for the package amdsmi and the library behind it: boards whose accumulators follow a known power."""

import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.simulated import MS, Power, constant

RESOLUTION_UJ = 15.300000190734863
"""15.3 in single precision, as the library has it."""


class AmdSmiException(Exception):
    """The package's own."""


@dataclass
class FakeAmdsmi:
    """Put into ``sys.modules`` as ``amdsmi``."""

    power: Power = field(default_factory=lambda: constant(100))
    gpus: int = 1
    tick_ns: int = MS
    key: str = "energy_accumulator"
    cap_uw: int = 750_000_000
    pids: tuple[int, ...] = ()
    lost: bool = False
    frozen: bool = False
    virtual: bool = False
    AmdSmiException = AmdSmiException

    def amdsmi_init(self) -> None:
        """The driver is there."""

    def amdsmi_get_processor_handles(self) -> list[int]:
        return list(range(self.gpus))

    def amdsmi_get_gpu_device_uuid(self, handle: int) -> str:
        return f"amd-stub-{handle}"

    def amdsmi_get_power_cap_info(self, handle: int) -> dict[str, Any]:
        if not self.cap_uw:
            raise AmdSmiException("Error code: 2 | AMDSMI_STATUS_NOT_SUPPORTED")
        return {"power_cap": self.cap_uw}

    def amdsmi_get_gpu_process_list(self, handle: int) -> list[dict[str, Any]]:
        return [{"name": "N/A", "pid": pid} for pid in self.pids]

    def amdsmi_get_energy_count(self, handle: int) -> dict[str, Any]:
        if self.lost or self.virtual:
            raise AmdSmiException("Error code: 2 | AMDSMI_STATUS_NOT_SUPPORTED")
        at_ns = 0 if self.frozen else time.monotonic_ns() // self.tick_ns * self.tick_ns
        counted = int(self.power.energy_uj(at_ns) * 10 / 153)
        return {self.key: counted, "counter_resolution": RESOLUTION_UJ, "timestamp": at_ns}
