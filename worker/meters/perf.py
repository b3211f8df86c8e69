"""The kernel's event counters of a control group, by perf_event_open(2) in cgroup mode: one descriptor an event and CPU.

Counting a group, not a task: a task's counters are inherited only by children that stay readable, which an entrant can evade.
Sources: perf_event_open(2), include/uapi/linux/perf_event.h. It knows no energy.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from typing import Protocol

from minjoule.meter import MeterFault, Reason

SYSCALL = {"x86_64": 298, "aarch64": 241}
ATTR_BYTES = 128
TIMES = 0b11
"""read_format: total time enabled, total time running."""
OF_CGROUP, CLOEXEC = 1 << 2, 1 << 3
PARANOID = "Type `sysctl kernel.perf_event_paranoid=0`, or run the worker as root"
WHY = {
    errno.ENOENT: (
        "the processor's counters aren't there, as in a virtual machine without a PMU",
        "Use bare metal, or let the guest have a PMU",
    ),
    errno.EOPNOTSUPP: ("the processor doesn't count that event", "Use another boundary on this machine"),
    errno.EACCES: ("the kernel doesn't let this user count", PARANOID),
    errno.EPERM: ("the kernel doesn't let this user count", PARANOID),
    errno.EBADF: ("the box's control group isn't one that the kernel counts in", "Use control groups version 2"),
    errno.EINVAL: ("the kernel doesn't count control groups", "Use a kernel with CONFIG_CGROUP_PERF"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event: its name, and the kernel's type and config."""

    name: str
    kind: int
    config: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a counter said: events, and the nanoseconds that it was wanted and that it really counted."""

    value: int
    enabled_ns: int
    running_ns: int


class Counters(Protocol):
    """The kernel's counters."""

    def open(self, event: Event, group: int, cpu: int) -> int:
        """A descriptor that counts an event of a control group (an open folder) on a CPU. Raises MeterFault (ABSENT)."""
        ...

    def read(self, descriptor: int) -> Count:
        """Its count since it was opened. Raises MeterFault."""
        ...

    def close(self, descriptor: int) -> None:
        """No more."""
        ...


class KernelCounters:
    """The real ones. See Counters."""

    def __init__(self) -> None:
        self._number = SYSCALL.get(platform.machine()) if platform.system() == "Linux" else None
        if self._number is None:
            raise MeterFault(f"no perf_event_open on {platform.system()} {platform.machine()}", Reason.ABSENT)
        self._kernel = ctypes.CDLL(None, use_errno=True)

    def open(self, event: Event, group: int, cpu: int) -> int:
        """See Counters. User and kernel mode both count."""
        attributes = bytearray(ATTR_BYTES)
        struct.pack_into("=IIQQQQQ", attributes, 0, event.kind, ATTR_BYTES, event.config, 0, 0, TIMES, 0)
        given = (ctypes.c_char * ATTR_BYTES).from_buffer(attributes)
        descriptor = int(self._kernel.syscall(self._number, given, group, cpu, -1, OF_CGROUP | CLOEXEC))
        if descriptor < 0:
            code = ctypes.get_errno()
            why, mend = WHY.get(code, (f"perf_event_open says {os.strerror(code)} of {event.name} on CPU {cpu}", ""))
            raise MeterFault(why, Reason.ABSENT, mend)
        return descriptor

    def read(self, descriptor: int) -> Count:
        """See Counters."""
        said = os.read(descriptor, 24)
        if len(said) != 24:
            raise MeterFault(f"a counter gave {len(said)} bytes, 24 are due: the run is void", Reason.SILENT)
        return Count(*struct.unpack("=QQQ", said))

    def close(self, descriptor: int) -> None:
        """See Counters."""
        os.close(descriptor)
