"""The port to a meter, and the one meter that every machine has: the box's CPU time by a published coefficient.

A meter hands out raw integers with the instants around each read; turning them into joules is ``window``'s work.
Instruments that need hardware live with the worker, one a file.
"""

import time
from dataclasses import dataclass
from typing import Protocol

from minjoule.box import Box

WATTS_PER_CORE = 10
"""Coefficient of the cpu-time model: watts of one busy core. A crude, published convention, not a measurement."""


class MeterFault(Exception):
    """A meter is missing, silent or implausible: the run is void, never 0 J."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One counter of a meter.

    Attributes:
        name: unique in the meter ("package-0", "cpu").
        uj_numerator: energy of one count is ``uj_numerator / uj_denominator`` microjoules.
        uj_denominator: see above.
        wraps_at: the counter's modulus in counts (it goes from ``wraps_at - 1`` to 0); None if it never wraps.
    """

    name: str
    uj_numerator: int
    uj_denominator: int
    wraps_at: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a channel said at an instant: monotonic nanoseconds just before and after the read, and the raw integer."""

    channel: str
    before_ns: int
    after_ns: int
    raw: int


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What stands on the record about a meter. ``modelled`` figures are never shown as measured."""

    name: str
    boundary: str
    modelled: bool
    covers: str
    update_s: float
    relative_error: float | None
    note: str


class Meter(Protocol):
    """An instrument. It's bound to one box before a window (counters of a whole machine ignore it)."""

    @property
    def facts(self) -> MeterFacts:
        """What the meter is and covers."""
        ...

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Its counters; their energies are added up."""
        ...

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every channel, now. Raises MeterFault; never returns a guess."""
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
        )

    def read(self, box: Box) -> tuple[Reading, ...]:
        """CPU nanoseconds of the box."""
        before_ns = time.monotonic_ns()
        raw = box.cpu_ns()
        return (Reading("cpu", before_ns, time.monotonic_ns(), raw),)
