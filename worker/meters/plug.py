"""What metered plugs have in common: sampled power over HTTP, and checks at every read that it's still the same plug, awake and counting.

How a plug is asked is each plug's own file; where it stands (which machine's cord goes through it) is the operator's word.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from worker.meters.certificate import Gain

UNCALIBRATED = Gain()
TIMEOUT_S = 2.0
MOST_UW = 3_680_000_000
"""16 A at 230 V: more doesn't go through such a plug."""
LEAST_UW, LEAST_DEVICE_UW = 1_000_000, 50_000
"""A machine never draws less than 1 W; a phone at its charger may, but a plug that says 0 W says nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a plug said: its power, its energy counter, who it is and how long it has been awake."""

    power_mw: int
    total_mwh: int
    device: str
    uptime_s: int


class Plug(Protocol):
    """A kind of plug."""

    name: str
    update_s: float
    resolution_mw: int

    def look(self) -> Look:
        """Ask it now. Raises MeterFault."""
        ...

    def close(self) -> None:
        """No more questions."""
        ...


class PlugMeter:
    """A plug as a meter of a wall boundary. ``device`` is the id it must have; empty for whatever answers first."""

    def __init__(self, plug: Plug, boundary: str, device: str = "", gain: Gain = UNCALIBRATED) -> None:
        self._plug, self._boundary, self._gain = plug, boundary, gain
        try:
            self._last = first_look(plug, device)
        except MeterFault:
            plug.close()
            raise
        timing_ns = round(plug.update_s * 1e9)
        bare = Channel(f"{plug.name}/wall", 1000, 1, kind=Kind.POWER, update_ns=timing_ns, resolution=plug.resolution_mw)
        least_uw = LEAST_DEVICE_UW if boundary == "device-wall" else LEAST_UW
        self.channels = (gain.of(replace(bare, least_uw=least_uw, most_uw=MOST_UW, encloses=boundary == "node-wall")),)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name=self._plug.name,
            boundary=self._boundary,
            modelled=False,
            covers="everything behind the plug",
            update_s=self._plug.update_s,
            relative_error=self._gain.relative,
            note="sampled power, integrated by us",
            gain_basis=self._gain.basis,
            device=self._last.device,
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Its power, now; the box doesn't matter. Raises MeterFault."""
        return (take(self.channels[0].name, self._power_mw),)

    def admit(self) -> None:
        """It answers, and it's the one it was. Raises MeterFault."""
        self._power_mw()

    def close(self) -> None:
        """Hang up."""
        self._plug.close()

    def _power_mw(self) -> int:
        before, now = self._last, self._plug.look()
        name = self._plug.name
        if now.device != before.device:
            raise MeterFault(f"the {name} plug was {before.device!r} and is now {now.device!r}: the run is void", Reason.OTHER_DEVICE)
        if now.uptime_s < before.uptime_s:
            detail = f"it was awake for {before.uptime_s} s, now for {now.uptime_s} s"
            raise MeterFault(f"the {name} plug {now.device} started again: {detail}", Reason.RESET)
        if now.total_mwh < before.total_mwh:
            detail = f"its energy counter went from {before.total_mwh / 1000:g} to {now.total_mwh / 1000:g} Wh"
            raise MeterFault(f"the {name} plug {now.device} was set back: {detail}", Reason.RESET)
        self._last = now
        return now.power_mw


def first_look(plug: Plug, device: str) -> Look:
    """What a plug says, if it's the one that the meters' file means. Raises MeterFault."""
    look = plug.look()
    if device and look.device != device:
        detail = f"the {plug.name} plug says that it's {look.device!r}, the meters' file says {device!r}"
        raise MeterFault(detail, Reason.OTHER_DEVICE, "Mend its address or its `device` there")
    return look


def ask_json(http: httpx.Client, path: str, name: str) -> dict[str, Any]:
    """GET a JSON object of a plug. Raises MeterFault for whatever else comes, with the address and what to do."""
    where = f"the {name} plug at {http.base_url}"
    try:
        answer = http.get(path)
    except httpx.HTTPError as error:
        detail = f"{where} didn't answer within {TIMEOUT_S:g} s ({type(error).__name__})"
        raise MeterFault(detail, Reason.SILENT, f"Look at its power and network: `curl '{http.base_url}{path}'`") from None
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise MeterFault(f"{where} answered 401", Reason.MISCONFIGURED, "Mend `user` and `password_file` in the meters' file")
    if answer.status_code != httpx.codes.OK:
        detail = f"{where} answered {answer.status_code} where 200 is due"
        raise MeterFault(detail, Reason.MISCONFIGURED, "Look whether the address is that of such a plug")
    try:
        content = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        detail = f"{where} answered {answer.headers.get('content-type', 'something')!r} that is no JSON object"
        raise MeterFault(detail, Reason.MISCONFIGURED, "Look whether the address is that of such a plug")
    return content


def number(content: dict[str, Any], path: str, name: str) -> float:
    """A finite number somewhere in an answer, by its dotted path. Raises MeterFault."""
    value = found(content, path, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e12:
        raise MeterFault(
            f"the {name} plug says {path} = {str(value)[:60]!r}, a number is due", Reason.MISCONFIGURED, "Look at its firmware"
        )
    return value


def found(content: dict[str, Any], path: str, name: str) -> Any:
    """Something in an answer, by its dotted path. Raises MeterFault."""
    value: Any = content
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            keys = ", ".join(sorted(map(str, value)))[:200] if isinstance(value, dict) else type(value).__name__
            raise MeterFault(f"the {name} plug's answer has no {path} (there is: {keys})", Reason.MISCONFIGURED, "Look at its firmware")
        value = value[key]
    return value
