"""A metered outlet of a rack PDU by SNMP version 2c: watts of one outlet (default: APC's rPDU2), sampled.

Its energy counter isn't used: it steps by 360 kJ. Needs the extra ``snmp`` (pysnmp).
"""

import asyncio
from typing import Any

from minjoule.meter import MeterFault, Reason
from worker.meters.plug import TIMEOUT_S, Look

APC_OUTLET_WATTS = "1.3.6.1.4.1.318.1.1.26.9.4.3.1.7"
SYSTEM_UPTIME, SYSTEM_NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
LOOK = "Look at its address, its community and whether SNMP is on"


class SnmpOutlet:
    """See ``worker.meters.plug.Plug``. ``oid`` is the column of watts, ``outlet`` its row."""

    name = "snmp"
    update_s = 5.0
    resolution_mw = 1000

    def __init__(self, host: str, outlet: int, port: int = 161, community: str = "public", oid: str = APC_OUTLET_WATTS) -> None:
        self._host, self._port, self._community = host, port, community
        self._oids = (f"{oid}.{outlet}", SYSTEM_UPTIME, SYSTEM_NAME)

    def look(self) -> Look:
        """See Plug."""
        watts, hundredths, name = asyncio.run(self._get())
        return Look(self._whole(watts, "watts") * 1000, 0, str(name), self._whole(hundredths, "an uptime") // 100)

    def close(self) -> None:
        """See Plug: every question has its own socket."""

    async def _get(self) -> list[Any]:
        try:
            from pysnmp.hlapi.v1arch.asyncio import ObjectIdentity, ObjectType, Slim
        except ImportError:
            raise MeterFault("pysnmp isn't installed", Reason.ABSENT, "Type `pip install 'minjoule-platform[snmp]'`") from None
        with Slim() as slim:
            asked = [ObjectType(ObjectIdentity(oid)) for oid in self._oids]
            fault, status, place, rows = await slim.get(self._community, self._host, self._port, *asked, timeout=TIMEOUT_S, retries=0)
        where = f"the PDU at {self._host}:{self._port}"
        if fault:
            raise MeterFault(f"{where} gave no reading: {fault}", Reason.SILENT, LOOK)
        if status:
            raise MeterFault(f"{where} refused {self._oids[int(place) - 1]}: {status.prettyPrint()}", Reason.MISCONFIGURED, LOOK)
        return [value for _, value in rows]

    def _whole(self, value: Any, what: str) -> int:
        try:
            return int(value)
        except (TypeError, ValueError):
            detail = f"the PDU at {self._host}:{self._port} says {value.prettyPrint()[:60]!r} where {what} is due"
            raise MeterFault(detail, Reason.MISCONFIGURED, "Mend `oid` or `outlet` in the meters' file") from None
