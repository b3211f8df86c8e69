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
from minjoule.meter import Meter, MeterFault, Reason
from minjoule.protocol import Channel
from minjoule.sampler import Sampler
from minjoule.scorer import Tally
from minjoule.void import refuse_idle_drift, refuse_unusual_idle
from minjoule.window import Trace, Window, mean_power_uw

TICK_S = 0.25
SLOW_TICK_S = 1.0
SLOW_AFTER_S = 30.0
LONG_WINDOW_S = 1800.0
"""From here on a sample a second does: the window's error is made at its borders, and the trace must fit into a report."""
ASLEEP_NS = 50_000_000
QUIET_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class WindowRules:
    """How a window over a whole machine is attended; a box's own account needs none of it.

    Attributes:
        idle_s: length of the idle band before and after; 0 for none.
        sample_s: between two samples while the window is open.
        tail_s: how long the machine may take to come back to its idle power (billed), and a device to be free of processes.
        usual_idle: mean of the host's idle power and how far it may stray, microwatts; None where there's no history.
        both_at_gates: both boxes stand before training begins, for a start within the window would be on its bill. False where a
            box's own account is all that is billed and somebody waits (``minjoule try``): the second starts while the first trains.
    """

    idle_s: float = 0.0
    sample_s: float = 0.1
    tail_s: float = 60.0
    usual_idle: tuple[int, int] | None = None
    both_at_gates: bool = True


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
    """Attends one window. A context: leaving it stops the thread.

    In this order: ``begin`` (the gate may open when it returns), the context, ``turn_to`` each further box of the window before its gate
    opens, ``close`` the moment the last one is empty, ``settle``.
    ``idle_uw`` is the idle power before the window, microwatts: given where the window before has just settled, else measured.
    """

    def __init__(
        self,
        phase: Phase,
        box: Box,
        channel: Channel,
        meter: Meter,
        cpu_cap_s: float,
        on_progress: Callable[[Progress], None],
        rules: WindowRules | None = None,
        idle_uw: int | None = None,
    ) -> None:
        self.cpu_spent = False
        self.idle_uw = idle_uw
        self._begin_ns = self._end_ns = self._band_end_ns = 0
        self._told_at = 0.0
        self._phase, self._box, self._channel, self._meter = phase, box, channel, meter
        self._rules = rules or WindowRules()
        self._sampler = Sampler(meter, box)
        self._cpu_cap_ns = round(cpu_cap_s * 1e9)
        self._on_progress = on_progress
        self._tally: tuple[float, float | None] | None = None
        self._fault: MeterFault | BoxFault | None = None
        self._done = threading.Event()
        self._turning = threading.Lock()
        self._began = time.monotonic()
        self._asleep_ns = asleep_ns()
        self._cpu_began_ns = box.cpu_ns()
        self._earlier_log = b""
        self._thread = threading.Thread(target=self._attend, name=f"attend-{phase}", daemon=True)

    def begin(self) -> None:
        """Everything that precedes the gate: nobody else on the device, the idle band, the ticks before the border. Raises MeterFault."""
        self._meter.admit()
        if self._sampler.whole_machine and self._rules.idle_s and self.idle_uw is None:
            self._sampler.catch()
            self.idle_uw = self._band_uw(time.monotonic_ns())
            refuse_unusual_idle(self.idle_uw, self._rules.usual_idle)
        self._sampler.catch(before_gate=True)
        self._sampler.forget_live()
        self._began = time.monotonic()
        self._begin_ns = time.monotonic_ns()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def turn_to(self, box: Box, channel: Channel) -> None:
        """The box before is empty; this one's gate is about to open. The meters don't notice. Raises what has voided the window."""
        with self._turning:
            if self._fault is not None:
                raise self._fault
            self._earlier_log += self._box.log_so_far()
            self._box, self._channel, self._tally = box, channel, None
            self._cpu_began_ns = box.cpu_ns()

    def close(self) -> None:
        """The box is empty: that's the window's end. Then no more samples, and the ticks after the border. Raises MeterFault."""
        self._end_ns = time.monotonic_ns()
        self._done.set()
        self._thread.join()
        if self._fault is None:
            self._sampler.catch()

    def settle(self) -> None:
        """After ``close``: what still runs on the device, and the way back to idle power, are the window's tail and billed.

        Raises MeterFault when the machine isn't what it was within the rules' time, or was suspended meanwhile.
        """
        if self._fault is not None:
            raise self._fault
        if not self._sampler.whole_machine:
            return
        give_up = time.monotonic() + self._rules.tail_s
        self._await_free(give_up)
        while self.idle_uw is not None:
            try:
                refuse_idle_drift(self.idle_uw, self._band_uw(self._end_ns))
                break
            except MeterFault:
                if time.monotonic() > give_up:
                    raise
            self._end_ns = self._band_end_ns
        if abs(asleep_ns() - self._asleep_ns) > ASLEEP_NS:
            raise MeterFault("this machine was suspended while it measured: the run is void", Reason.CLOCK_STEP)

    def trace(self) -> Trace:
        """The window with every reading."""
        return self._sampler.trace(Window(self._begin_ns, self._end_ns))

    def note(self, tally: Tally, place: int = 0, boxes: int = 1) -> None:
        """The scorer's figures, kept for the next tick; called at every step, so it does next to nothing."""
        self._tally = ((place + tally.symbols / tally.due) / boxes, tally.loss)

    def _await_free(self, give_up: float) -> None:
        waited = False
        while True:
            try:
                self._meter.admit()
                break
            except MeterFault as fault:
                lasting = fault.reason in (Reason.BATTERY, Reason.DISCHARGED)  # no waiting gives back what a battery gave
                if lasting or time.monotonic() > give_up:
                    raise
            waited = True
            time.sleep(QUIET_POLL_S)
        if waited:
            self._end_ns = time.monotonic_ns()
            self._sampler.catch()

    def _attend(self) -> None:
        try:
            if self._sampler.whole_machine:
                self._sampler.catch()
            while not self._done.wait(self._pause_s()):
                self._tick()
        except (MeterFault, BoxFault) as error:
            with self._turning:
                self._fault = error
                self._channel.abort()

    def _pause_s(self) -> float:
        open_s = time.monotonic() - self._began
        if not self._sampler.whole_machine:
            return TICK_S if open_s < SLOW_AFTER_S else SLOW_TICK_S
        sample_s = self._rules.sample_s if open_s < LONG_WINDOW_S else max(self._rules.sample_s, SLOW_TICK_S)
        return self._sampler.dithered(min(sample_s, SLOW_TICK_S))

    def _tick(self) -> None:
        self._sampler.sweep(hurry=False)
        now = time.monotonic()
        if now - self._told_at < 0.9 * TICK_S:
            return
        self._told_at = now
        with self._turning:
            self.cpu_spent |= self._box.cpu_ns() - self._cpu_began_ns > self._cpu_cap_ns
            if self.cpu_spent:
                self._channel.abort()
            log = self._earlier_log + self._box.log_so_far()
        fraction, loss = self._tally or (None, None)
        self._on_progress(Progress(self._phase, now - self._began, self._sampler.live_uj, fraction, log, loss))

    def _band_uw(self, from_ns: int) -> int:
        """Mean power of an idle band from ``from_ns`` on, microwatts."""
        until = time.monotonic() + self._rules.idle_s
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self._sampler.dithered(self._rules.sample_s)))
            self._sampler.sweep(hurry=False)
        band = Window(from_ns, time.monotonic_ns())
        self._band_end_ns = band.end_ns
        self._sampler.catch()
        return mean_power_uw(self._sampler.trace(band), band)


def asleep_ns() -> int:
    """How long this machine was suspended since it started, as its two clocks tell; 0 where there's one clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if boot is None else time.clock_gettime_ns(boot) - time.monotonic_ns()
