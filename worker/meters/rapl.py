"""RAPL through powercap: the packages' energy counters, and dram where there is one. Boundary ``node-cpu``.

A model inside the processor, uncalibrated, for the whole machine. ``psys`` and the mmio duplicates are never added;
``core`` and ``uncore`` are inside ``package``.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from minjoule.box import Box
from minjoule.meter import Channel, MeterFacts, MeterFault, Reading

HOW = "run the worker as root, or give its group read access to energy_uj by a udev rule"


@dataclass(frozen=True, slots=True)
class Zone:
    """One powercap zone that counts."""

    channel: Channel
    energy: Path


class RaplMeter:
    """Reads every package and dram zone below ``root`` (``/sys/class/powercap``). Raises MeterFault where there is none."""

    def __init__(self, root: Path) -> None:
        self._zones = tuple(zones(root))
        if not any(zone.channel.name.startswith("package") for zone in self._zones):
            raise MeterFault(f"no RAPL package zone below {root}: this machine (or its virtualisation) has no such meter")
        for zone in self._zones:
            read_counter(zone.energy)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """One a zone."""
        return tuple(zone.channel for zone in self._zones)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="rapl",
            boundary="node-cpu",
            modelled=False,
            covers=", ".join(channel.name for channel in self.channels),
            update_s=0.001,
            relative_error=None,
            note="uncalibrated; counts the whole machine",
        )

    def admit(self) -> None:
        """Whoever else runs on this machine is counted too; the idle bands find them out."""

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every zone, now; the box doesn't matter."""
        readings = []
        for zone in self._zones:
            before_ns = time.monotonic_ns()
            raw = read_counter(zone.energy)
            readings.append(Reading(zone.channel.name, before_ns, time.monotonic_ns(), raw))
        return tuple(readings)


def zones(root: Path) -> list[Zone]:
    """Packages (``intel-rapl:N`` named package-N) and their dram sub-zones."""
    found = []
    for package in sorted(root.glob("intel-rapl:[0-9]*")):
        if package.name.count(":") != 1 or not zone_name(package).startswith("package"):
            continue
        found.append(zone_at(package, zone_name(package)))
        for part in sorted(package.glob(f"{package.name}:[0-9]*")):
            if zone_name(part) == "dram":
                found.append(zone_at(part, f"{zone_name(package)}-dram"))
    return found


def zone_at(folder: Path, name: str) -> Zone:
    """A zone with its modulus: the counter goes from max_energy_range_uj to 0."""
    return Zone(Channel(name, 1, 1, wraps_at=read_counter(folder / "max_energy_range_uj") + 1), folder / "energy_uj")


def zone_name(folder: Path) -> str:
    """What the kernel calls it; empty if unreadable."""
    try:
        return (folder / "name").read_text().strip()
    except OSError:
        return ""


def read_counter(path: Path) -> int:
    """One integer. Raises MeterFault: a silent meter voids the run."""
    try:
        return int(path.read_text())
    except PermissionError:
        raise MeterFault(f"{path} isn't readable by this user: {HOW}") from None
    except (OSError, ValueError) as error:
        raise MeterFault(f"{path} gave no reading ({error}): the run is void") from None
