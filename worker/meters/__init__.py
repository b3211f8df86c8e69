"""The instruments, one a file; which one bills is the host class's boundary (``selection``)."""

from worker.meters.selection import Cabinet, meter_for

__all__ = ["Cabinet", "meter_for"]
