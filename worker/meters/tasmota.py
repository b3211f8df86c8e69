"""A plug with the Tasmota firmware, by its command over HTTP: ``Status 0``, which holds network, clock and energy in one answer."""

import httpx

from minjoule.meter import MeterFault, Reason
from worker.meters.plug import TIMEOUT_S, Look, ask_json, found, number


class TasmotaPlug:
    """See ``worker.meters.plug.Plug``. ``password`` is the web password, which Tasmota takes in the address."""

    name = "tasmota"
    update_s = 1.0
    resolution_mw = 1000

    def __init__(self, address: str, user: str = "admin", password: str = "") -> None:
        credentials = f"&user={user}&password={password}" if password else ""
        self._path = f"cm?cmnd=Status%200{credentials}"
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_S)

    def look(self) -> Look:
        """See Plug."""
        status = ask_json(self._http, self._path, self.name)
        if "WARNING" in status:
            detail = f"the tasmota plug at {self._http.base_url} wants a password"
            raise MeterFault(detail, Reason.MISCONFIGURED, "Mend `user` and `password_file` in the meters' file")
        return Look(
            power_mw=round(number(status, "StatusSNS.ENERGY.Power", self.name) * 1000),
            total_mwh=round(number(status, "StatusSNS.ENERGY.Total", self.name) * 1_000_000),
            device=str(found(status, "StatusNET.Mac", self.name)),
            uptime_s=int(number(status, "StatusSTS.UptimeSec", self.name)),
        )

    def close(self) -> None:
        """See Plug."""
        self._http.close()
