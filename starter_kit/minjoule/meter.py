"""The port to a meter, and the one meter that every machine has: the box's CPU time by a published coefficient.

A meter hands out raw integers with the instants around each read; turning them into joules is ``window``'s work.
Instruments that need hardware live with the worker, one a file.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from minjoule.box import Box

WATTS_PER_CORE = 10
"""Coefficient of the cpu-time model: watts of one busy core. A crude, published convention, not a measurement."""
GRAIN_NS = 1000
"""Instants of readings are kept in whole microseconds, rounded outwards: at 400 W that's 0.4 mJ, and the trace stays small."""


class Reason(StrEnum):
    """Why a meter's word isn't taken: typed, shown with the voided attempt."""

    ABSENT = "absent"
    SILENT = "silent"
    FROZEN = "frozen"
    BACKWARDS = "backwards"
    RESET = "reset"
    GAP = "gap"
    POWER_BOUNDS = "power_bounds"
    NESTING = "nesting"
    IDLE_DRIFT = "idle_drift"
    UNQUIET = "unquiet"  # after the window; before it, it's a drift
    FOREIGN_PROCESS = "foreign_process"
    CLOCK_STEP = "clock_step"
    OTHER_DEVICE = "other_device"
    MISCONFIGURED = "misconfigured"
    QUARANTINE = "quarantine"
    BATTERY = "battery"
    DISCHARGED = "discharged"  # inside the window; before it, it's a battery


class MeterFault(Exception):
    """A meter is missing, silent or implausible: the run is void, never 0 J.

    Attributes:
        reason: the kind of it.
        mend: what to do or to type, where that is known.
    """

    def __init__(self, message: str, reason: Reason = Reason.SILENT, mend: str = "") -> None:
        super().__init__(f"{message}. {mend}" if mend else message)
        self.reason = reason
        self.mend = mend


class Kind(StrEnum):
    """What a channel's raw integer is.

    BOX is an energy counter of the box alone: nothing is spent outside the window, so first to last reading is the bill.
    COUNTER is an energy counter of a whole device: it's interpolated at the window's borders.
    POWER is sampled power: it's integrated by the trapezoid rule.
    """

    BOX = "box"
    COUNTER = "counter"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of a meter, with all that arithmetic must know of it: a stored trace carries it.

    Attributes:
        name: unique in the trace ("package-0", "nvml/gpu-0", "cpu").
        uj_numerator: one count is ``uj_numerator / uj_denominator`` microjoules (microwatts where ``kind`` is POWER).
        uj_denominator: see above.
        wraps_at: the counter's modulus in counts (it goes from ``wraps_at - 1`` to 0); None if it never wraps.
        kind: see Kind.
        update_ns: the device's update period, probed; 0 where every read is fresh. ``jitter_ns`` is how far single periods stray.
        resolution: the smallest step of the raw value, counts.
        gain_ppm: relative standard uncertainty (k=1) of the gain, millionths; None where nobody calibrated it.
        least_uw: the device never draws less; 0 where unknown.
        most_uw: the device never draws more (its rating or power limit); None where unknown.
        observed_ppm: of POWER: which part of the time the sensor sees, millionths.
        billed: it's in the bill; others are columns beside it.
        encloses: it's at the wall of the machine whose other meters the trace has: it can't say less than they.
    """

    name: str
    uj_numerator: int
    uj_denominator: int
    wraps_at: int | None = None
    kind: Kind = Kind.BOX
    update_ns: int = 0
    jitter_ns: int = 0
    resolution: int = 1
    gain_ppm: int | None = None
    least_uw: int = 0
    most_uw: int | None = None
    observed_ppm: int = 0
    billed: bool = True
    encloses: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a channel said at an instant: monotonic nanoseconds just before and after the read, and the raw integer."""

    channel: str
    before_ns: int
    after_ns: int
    raw: int


def take(channel: str, ask: Callable[[], int]) -> Reading:
    """Read one raw integer between two looks at the clock (CLOCK_MONOTONIC, nanoseconds in whole microseconds)."""
    before_ns = time.monotonic_ns() // GRAIN_NS * GRAIN_NS
    raw = ask()
    return Reading(channel, before_ns, -(-time.monotonic_ns() // GRAIN_NS) * GRAIN_NS, raw)


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What stands on the record about a meter. ``modelled`` figures are never shown as measured.

    Attributes:
        update_s: update period, seconds; 0 where every read is fresh.
        relative_error: relative standard uncertainty of the gain; None where uncalibrated or modelled.
        gain_basis: where that comes from: "certificate ...", "class ...", "uncalibrated", "modelled".
        device: SKU, serial or UUID, firmware, driver: whatever tells this instrument from another.
    """

    name: str
    boundary: str
    modelled: bool
    covers: str
    update_s: float
    relative_error: float | None
    note: str
    gain_basis: str = "uncalibrated"
    device: str = ""


class Meter(Protocol):
    """An instrument. It's bound to one box before a window (counters of a whole machine ignore it)."""

    @property
    def facts(self) -> MeterFacts:
        """What the meter is and covers."""
        ...

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Its signals; the energies of the billed ones are added up."""
        ...

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every channel, now. Raises MeterFault; never returns a guess."""
        ...

    def admit(self) -> None:
        """Nobody else is on the device, and it's the one it was. Asked before a window and after the box is empty. Raises MeterFault."""
        ...


class CpuTimeMeter:
    """CPU seconds of the box times ``WATTS_PER_CORE``: boundary ``modelled-cpu-time``. Noisy, so it grants no records."""

    channels = (Channel("cpu", uj_numerator=WATTS_PER_CORE, uj_denominator=1000),)  # 1 W is 1 nJ a nanosecond

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        return MeterFacts(
            name="cpu-time",
            boundary="modelled-cpu-time",
            modelled=True,
            covers="CPU time of every process in the box, user and kernel",
            update_s=0.0,
            relative_error=None,
            note=f"modelled: CPU seconds x {WATTS_PER_CORE} W per core; not a measurement",
            gain_basis="modelled",
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """CPU nanoseconds of the box."""
        return (take("cpu", box.cpu_ns),)

    def admit(self) -> None:
        """Other processes aren't counted, so they don't matter."""
