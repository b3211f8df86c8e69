"""The attendant of one open window: a thread that reads the meter, enforces the CPU cap and tells of progress.

It never decides a verdict; it breaks the connection, and whoever talks to the box finds out why from here.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from minjoule.box import Box, BoxFault, Phase
from minjoule.meter import Meter, MeterFault, Reading
from minjoule.protocol import Channel
from minjoule.scorer import Tally
from minjoule.window import Trace, energy_uj

TICK_S = 0.25
SLOW_TICK_S = 1.0
SLOW_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known while it runs. ``fraction`` is of the scoring, None while training; ``energy_uj`` is of this window so far."""

    phase: Phase
    wall_s: float
    energy_uj: int
    fraction: float | None
    log: bytes
    loss_so_far: float | None


class Attendant:
    """Attends one window; ``readings`` is the trace so far, ``ended_ns`` its end. A context: leaving it stops the thread."""

    def __init__(
        self, phase: Phase, box: Box, channel: Channel, meter: Meter, cpu_cap_s: float, on_progress: Callable[[Progress], None]
    ) -> None:
        self.readings: list[Reading] = []
        self.cpu_spent = False
        self.ended_ns = 0
        self._phase, self._box, self._channel, self._meter = phase, box, channel, meter
        self._cpu_cap_ns = round(cpu_cap_s * 1e9)
        self._on_progress = on_progress
        self._tally: tuple[float, float | None] | None = None
        self._fault: MeterFault | BoxFault | None = None
        self._done = threading.Event()
        self._began = time.monotonic()
        self._cpu_began_ns = box.cpu_ns()
        self._thread = threading.Thread(target=self._attend, name=f"attend-{phase}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def close(self) -> None:
        """The window's end: no more ticks, the last reading. Raises MeterFault."""
        self._done.set()
        self._thread.join()
        self.ended_ns = time.monotonic_ns()
        self.read()

    def read(self) -> None:
        """Read every channel of the meter now. Raises MeterFault."""
        self.readings += self._meter.read(self._box)

    def note(self, tally: Tally) -> None:
        """The scorer's figures, kept for the next tick; called at every step, so it does next to nothing."""
        self._tally = (tally.symbols / tally.due, tally.loss)

    def raise_fault(self) -> None:
        """A meter or a box that failed in between voids the run. Raises what it raised."""
        if self._fault is not None:
            raise self._fault

    def _attend(self) -> None:
        tick_s = TICK_S
        while not self._done.wait(tick_s):
            try:
                self._tick()
            except (MeterFault, BoxFault) as error:
                self._fault = error
                self._channel.abort()
                return
            if self.cpu_spent:
                self._channel.abort()
                return
            tick_s = TICK_S if time.monotonic() - self._began < SLOW_AFTER_S else SLOW_TICK_S

    def _tick(self) -> None:
        self.read()
        self.cpu_spent = self._box.cpu_ns() - self._cpu_began_ns > self._cpu_cap_ns
        trace = Trace(self._meter.facts.name, self._meter.channels, tuple(self.readings))
        fraction, loss = self._tally or (None, None)
        wall_s = time.monotonic() - self._began
        self._on_progress(Progress(self._phase, wall_s, energy_uj(trace), fraction, self._box.log_so_far(), loss))
