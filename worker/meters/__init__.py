"""The instruments, one a file; which one bills is the host class's boundary."""

from pathlib import Path

from minjoule.meter import CpuTimeMeter, Meter, MeterFault
from worker.meters.rapl import RaplMeter


def meter_for(boundary: str, powercap_root: Path) -> Meter:
    """The meter that covers a boundary. Raises MeterFault with what to do."""
    if boundary == "modelled-cpu-time":
        return CpuTimeMeter()
    if boundary == "node-cpu":
        return RaplMeter(powercap_root)
    raise MeterFault(f"no meter of this worker covers boundary {boundary!r}; there are modelled-cpu-time and node-cpu")
