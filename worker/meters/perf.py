"""Whether the processor's event counters can be had here: the ground of the boundary ``modelled-cpu``.

It asks the kernel by perf_event_open(2) for the retired instructions of one CPU. In most virtual machines there's no such counter.
"""

import ctypes
import errno
import os
import platform
import struct

from minjoule.box import Box
from minjoule.meter import Channel, MeterFacts, MeterFault, Reading, Reason

SYSCALL = {"x86_64": 298, "aarch64": 241}
HARDWARE, INSTRUCTIONS, ATTR_BYTES = 0, 1, 128
WHY = {
    errno.ENOENT: (
        "the processor's counters aren't there, as in a virtual machine without a PMU",
        "Use bare metal, or let the guest have a PMU",
    ),
    errno.EACCES: ("the kernel doesn't let this user count", "Type `sysctl kernel.perf_event_paranoid=0`, or run the worker as root"),
    errno.EPERM: ("the kernel doesn't let this user count", "Type `sysctl kernel.perf_event_paranoid=0`, or run the worker as root"),
}


class CpuCountersMeter:
    """Refuses for now, and says why: a machine without counters can't have it, and no version of ours bills by them yet."""

    channels: tuple[Channel, ...] = ()

    def __init__(self) -> None:
        probe_counters()
        raise MeterFault("the counters are here, but this version doesn't bill by them yet", Reason.ABSENT, "Use modelled-cpu-time")

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts("cpu-counters", "modelled-cpu", True, "events of the box's control group", 0.0, None, "modelled")

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Nothing to read."""
        raise MeterFault("no counter is open", Reason.ABSENT)

    def admit(self) -> None:
        """Nothing to admit."""


def probe_counters() -> None:
    """Open a counter of retired instructions on CPU 0. Raises MeterFault (ABSENT) where the kernel refuses."""
    number = SYSCALL.get(platform.machine())
    if number is None or platform.system() != "Linux":
        raise MeterFault(f"no perf_event_open on {platform.system()} {platform.machine()}", Reason.ABSENT)
    attributes = bytearray(ATTR_BYTES)
    struct.pack_into("IIQ", attributes, 0, HARDWARE, ATTR_BYTES, INSTRUCTIONS)
    kernel = ctypes.CDLL(None, use_errno=True)
    descriptor = kernel.syscall(number, (ctypes.c_char * ATTR_BYTES).from_buffer(attributes), -1, 0, -1, 0)
    if descriptor < 0:
        code = ctypes.get_errno()
        why, mend = WHY.get(code, (f"perf_event_open says {os.strerror(code)}", ""))
        raise MeterFault(why, Reason.ABSENT, mend)
    os.close(descriptor)
