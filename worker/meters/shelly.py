"""A Shelly plug of the second generation or later, by its RPC over HTTP: Switch.GetStatus and Sys.GetStatus.

Its power is off by 6 to 15 % at low load unless it was calibrated. Its password, if any, goes by digest (SHA-256).
"""

import httpx

from minjoule.meter import MeterFault, Reason
from worker.meters.plug import TIMEOUT_S, Look, ask_json, found, number


class ShellyPlug:
    """See ``worker.meters.plug.Plug``. ``outlet`` is the switch's number."""

    name = "shelly"
    update_s = 1.0
    resolution_mw = 100

    def __init__(self, address: str, outlet: int = 0, user: str = "admin", password: str = "") -> None:
        self._outlet = outlet
        auth = httpx.DigestAuth(user, password) if password else None
        self._http = httpx.Client(base_url=address, auth=auth, timeout=TIMEOUT_S)

    def look(self) -> Look:
        """See Plug."""
        switch = ask_json(self._http, f"rpc/Switch.GetStatus?id={self._outlet}", self.name)
        system = ask_json(self._http, "rpc/Sys.GetStatus", self.name)
        if found(switch, "output", self.name) is not True:
            raise MeterFault(f"outlet {self._outlet} of the shelly plug is off", Reason.MISCONFIGURED, "Turn it on")
        return Look(
            power_mw=round(number(switch, "apower", self.name) * 1000),
            total_mwh=round(number(switch, "aenergy.total", self.name) * 1000),
            device=str(found(system, "mac", self.name)),
            uptime_s=int(number(system, "uptime", self.name)),
        )

    def close(self) -> None:
        """See Plug."""
        self._http.close()
