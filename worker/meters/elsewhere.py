"""Meters of machines that no host of ours has yet: each says why it isn't available here. They bill nothing in this version."""

import importlib.util
import platform
from typing import NoReturn

from minjoule.meter import MeterFault, Reason


def amdsmi() -> NoReturn:
    """AMD's energy accumulators of sockets and Instinct boards. Raises MeterFault."""
    if importlib.util.find_spec("amdsmi") is None:
        mend = "Install ROCm's amdsmi; until this worker reads it, RAPL covers AMD's packages (node-cpu)"
        raise MeterFault("the Python package amdsmi isn't installed", Reason.ABSENT, mend)
    raise MeterFault("amdsmi is installed, but this version doesn't bill by it yet", Reason.ABSENT, "Use RAPL for the packages")


def apple() -> NoReturn:
    """The energy model of Apple's processors. Raises MeterFault."""
    detail = f"this is {platform.system()} on {platform.machine()}, no Mac; and the sandbox needs Linux"
    raise MeterFault(detail, Reason.ABSENT, "Meter a Mac at the wall: kind = 'shelly', 'tasmota', 'snmp' or 'csv'")
