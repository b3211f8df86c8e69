"""RAPL through powercap: the packages' energy counters, and dram where there is one. Boundary ``node-cpu``.

A model inside the processor, uncalibrated, for the whole machine. ``psys`` and the mmio duplicates are never added;
``core`` and ``uncore`` are inside ``package``. Source: Documentation/power/powercap/powercap.rst.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason, take
from worker.meters.certificate import Gain
from worker.meters.timing import Timing, probe_ticks

UNCALIBRATED = Gain()
RULE = 'SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chgrp -R minjoule /sys%p", RUN+="/bin/chmod -R g=rX /sys%p"'
MEND = f"Run the worker as root, or write {RULE!r} to /etc/udev/rules.d/70-rapl.rules and add its user to the group minjoule"
LEAST_PACKAGE_UW = 1_000_000
MOST_UNKNOWN_UW = 1_000_000_000
PEAK_OVER_LIMIT = 2
"""A package's power limits are means over a while: for milliseconds it draws more."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One powercap zone that counts."""

    channel: Channel
    energy: Path


class RaplMeter:
    """Reads every package and dram zone below ``root`` (``/sys/class/powercap``).

    Raises MeterFault where there is none, or one can't be read. ``timing`` is probed where it isn't given.
    """

    def __init__(self, root: Path, timing: Timing | None = None, gain: Gain = UNCALIBRATED) -> None:
        found = zones(root)
        if not any("package" in zone.channel.name for zone in found):
            detail = "this machine (or its virtualisation) has no such meter, or the module intel_rapl_msr isn't loaded"
            raise MeterFault(f"no RAPL package zone below {root}: {detail}", Reason.ABSENT, "Try `modprobe intel_rapl_msr`")
        for zone in found:
            read_counter(zone.energy)
        self._timing = timing or probe_ticks(found[0].channel.name, lambda: read_counter(found[0].energy))
        self._gain = gain
        self._zones = tuple(Zone(self._timing.of(gain.of(zone.channel)), zone.energy) for zone in found)
        self.channels = tuple(zone.channel for zone in self._zones)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="rapl",
            boundary="node-cpu",
            modelled=False,
            covers=", ".join(channel.name.partition("/")[2] for channel in self.channels),
            update_s=self._timing.update_ns / 1e9,
            relative_error=self._gain.relative,
            note="the processor's own account of the whole machine",
            gain_basis=self._gain.basis,
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every zone, now; the box doesn't matter."""
        return tuple(take(zone.channel.name, lambda zone=zone: read_counter(zone.energy)) for zone in self._zones)  # type: ignore[misc]

    def admit(self) -> None:
        """Whoever else runs on this machine is counted too; the idle bands find them out."""


def zones(root: Path) -> list[Zone]:
    """Packages (``intel-rapl:N`` named package-N) and their dram sub-zones."""
    found = []
    for package in sorted(root.glob("intel-rapl:[0-9]*")):
        if package.name.count(":") != 1 or not zone_name(package).startswith("package"):
            continue
        found.append(zone_at(package, zone_name(package), LEAST_PACKAGE_UW))
        for part in sorted(package.glob(f"{package.name}:[0-9]*")):
            if zone_name(part) == "dram":
                found.append(zone_at(part, f"{zone_name(package)}-dram", 0))
    return found


def zone_at(folder: Path, name: str, least_uw: int) -> Zone:
    """A zone with its modulus: the counter goes from max_energy_range_uj to 0."""
    wraps_at = read_counter(folder / "max_energy_range_uj") + 1
    channel = Channel(f"rapl/{name}", 1, 1, wraps_at, Kind.COUNTER, resolution=61, least_uw=least_uw, most_uw=peak_uw(folder))
    return Zone(channel, folder / "energy_uj")


def peak_uw(folder: Path) -> int:
    """What the zone surely never draws: twice the highest of its power limits."""
    limits = [0]
    for file in folder.glob("constraint_*_*power*_uw"):
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(file.read_text()))
    return max(limits) * PEAK_OVER_LIMIT or MOST_UNKNOWN_UW


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
        raise MeterFault(f"{path} isn't readable by this user", Reason.ABSENT, MEND) from None
    except (OSError, ValueError) as error:
        raise MeterFault(f"{path} gave no reading ({error}): the run is void", Reason.SILENT) from None
