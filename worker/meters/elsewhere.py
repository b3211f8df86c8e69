"""A meter of machines that can't be hosts: it says why it isn't available here, and bills nothing."""

import platform
from typing import NoReturn

from minjoule.meter import MeterFault, Reason


def apple() -> NoReturn:
    """The energy model of Apple's processors. Raises MeterFault."""
    detail = f"this is {platform.system()} on {platform.machine()}, no Mac; and the sandbox needs Linux"
    raise MeterFault(detail, Reason.ABSENT, "Meter a Mac at the wall: kind = 'shelly', 'tasmota', 'snmp' or 'csv'")
