"""A device's battery, which no meter at the charger sees: a window counts only while the battery neither takes nor gives.

Two sources: Android's own account (``dumpsys battery`` over adb) and what the browser tells. It knows no runs.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from minjoule.box import Box
from minjoule.meter import Channel, MeterFacts, MeterFault, Reading, Reason

FULL_PERCENT = 99.0
FELL_UAH = 1000
"""Charge that a full battery's own counter may stray by, microampere hours: some 14 J."""
ADB_S = 10.0
DISCHARGING = 3
"""BatteryManager.BATTERY_STATUS_DISCHARGING; 1 is unknown, 2 charging, 4 not charging, 5 full."""
CHARGE = (
    'Charge it to 100 % on the metered supply and leave it there, or take it out or bypass it and say `battery = "none"` in device.toml'
)


@dataclass(frozen=True, slots=True)
class Battery:
    """What is known of it at an instant.

    Attributes:
        present: there's one in the device.
        level: percent.
        charging: power comes from the supply, and the battery isn't discharging.
        lowest: the lowest level since the look before, percent; ``discharged`` whether it gave power since then.
        charge_uah: what its counter says, microampere hours; None where there's no word of it.
        source: who says so.
    """

    present: bool
    level: float
    charging: bool
    lowest: float
    discharged: bool
    charge_uah: int | None
    source: str

    def __str__(self) -> str:
        if not self.present:
            return f"taken out ({self.source})"
        return f"{self.level:g} %, {'on the supply' if self.charging else 'discharging'} ({self.source})"


def from_dumpsys(text: str) -> Battery:
    """Android's account. Raises MeterFault where it isn't one."""
    said = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    try:
        present, level = said["present"] == "true", 100 * int(said["level"]) / int(said["scale"])
        status = int(said["status"])
    except (KeyError, ValueError, ZeroDivisionError) as error:
        detail = f"`dumpsys battery` answered {text.strip()[:120]!r}: no {error}"
        raise MeterFault(detail, Reason.BATTERY, "Look whether adb reaches the phone, and whether it's unlocked for debugging") from None
    supplied = any(value == "true" for name, value in said.items() if name.endswith(" powered"))
    charging = supplied and status != DISCHARGING
    counter = said.get("charge counter", "")
    charge_uah = int(counter) if counter.isdigit() and int(counter) > 0 else None
    return Battery(present, level, charging, level, not charging, charge_uah, "Android")


def from_page(said: dict[str, float | bool]) -> Battery:
    """The browser's account, by watch.js."""
    level, lowest = (100 * float(said[name]) for name in ("level", "lowest"))
    return Battery(True, level, bool(said["charging"]), lowest, bool(said["discharged"]), None, "the browser")


def ask_adb(program: str, serial: str, *words: str) -> str:
    """What a command in the phone's shell prints. Raises MeterFault."""
    command = [program, "-s", serial, "shell", *words]
    try:
        return subprocess.run(command, check=True, capture_output=True, timeout=ADB_S, text=True, errors="replace").stdout
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        detail = f"adb doesn't reach {serial}: {str(said).strip()[:200]}"
        raise MeterFault(detail, Reason.BATTERY, "Look at the cable and at `adb devices`, or take `adb` out of device.toml") from None


def joined(android: Battery | None, page: Battery | None) -> Battery | None:
    """One account of both: Android's levels, and whatever the browser saw in between."""
    if android is None or page is None or not android.present:
        return android or page
    discharged = android.discharged or page.discharged
    return Battery(
        True, android.level, android.charging, min(android.lowest, page.lowest), discharged, android.charge_uah, "Android and the browser"
    )


class BatteryWatch:
    """A meter without channels, which stands beside those that bill: it hands out nothing and lets a window pass or not.

    ``admit`` before a window wants a full battery on the supply; after one (something was read in between) it also wants that
    nothing fell meanwhile. ``look`` gives None where nobody can tell: then the host's configuration must say that there's none.
    """

    channels: tuple[Channel, ...] = ()

    def __init__(self, look: Callable[[], Battery | None]) -> None:
        self._look = look
        self._before: Battery | None = None
        self._read = False
        self.last: Battery | None = None

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts; nothing of it is ever shown, for it bills nothing."""
        return MeterFacts("battery", "device-wall", False, "nothing", 0.0, None, "lets a window pass or not")

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Nothing: a look at the battery costs the device power, so there's none inside a window."""
        self._read = True
        return ()

    def forget(self) -> None:
        """Another run: what the battery did before it doesn't matter."""
        self._before, self._read = None, False

    def admit(self) -> None:
        """Raises MeterFault: BATTERY where the device isn't fit, DISCHARGED where it ran on its battery inside the window."""
        before, inside = self._before, self._read
        self.forget()
        now = self._look()
        if now is None:
            detail = "neither the browser nor adb tells of the device's battery"
            raise MeterFault(
                detail, Reason.BATTERY, 'Give `adb`, or say `battery = "none"` in device.toml where it was taken out or bypassed'
            )
        self.last = now
        if inside and before is not None:
            refuse_fallen(before, now)
        refuse_unfit(now)
        self._before = now


def refuse_unfit(battery: Battery) -> None:
    """Raises MeterFault unless it's full and on the supply, or isn't there."""
    if battery.present and (battery.level < FULL_PERCENT or not battery.charging):
        detail = f"the device's battery is at {battery}; {FULL_PERCENT:g} % and on the supply are due, or its joules are in no bill"
        raise MeterFault(detail, Reason.BATTERY, CHARGE)


def refuse_fallen(before: Battery, now: Battery) -> None:
    """Raises MeterFault (DISCHARGED) where joules came from the battery inside the window."""
    if not now.present and not before.present:
        return
    if now.discharged or not now.charging:
        raise MeterFault(
            "the device ran on its battery inside the window: those joules are in no bill, the run is void", Reason.DISCHARGED, CHARGE
        )
    if min(now.lowest, now.level) < before.level:
        detail = f"the device's battery fell from {before.level:g} to {min(now.lowest, now.level):g} % inside the window"
        raise MeterFault(f"{detail}: those joules are in no bill, the run is void", Reason.DISCHARGED, CHARGE)
    if before.charge_uah is not None and now.charge_uah is not None and before.charge_uah - now.charge_uah > FELL_UAH:
        fell = f"{(before.charge_uah - now.charge_uah) / 1000:g} mAh inside the window, {FELL_UAH / 1000:g} are allowed"
        raise MeterFault(f"the battery's charge fell by {fell}: those joules are in no bill, the run is void", Reason.DISCHARGED, CHARGE)
