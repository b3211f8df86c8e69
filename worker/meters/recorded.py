"""Readings that somebody else took: a lab meter's growing CSV file, and the replay of a stored trace.

A lab meter's clock isn't ours: ``offset_s`` is what must be added to its seconds to get this host's, as the load pulses of a
calibration tell, and ``delta_s`` how well that is known. A replay measures nothing: it's never billed.
"""

import csv
import time
from collections import deque
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from minjoule.box import Box
from minjoule.meter import Channel, Kind, MeterFacts, MeterFault, Reading, Reason
from minjoule.trace import TraceError, unpack
from minjoule.window import Trace
from worker.meters.certificate import Gain

UNCALIBRATED = Gain()
COLUMNS = ("seconds", "watts")
STALE_S = 10.0
MOST_UW = 100_000_000_000


class CsvMeter:
    """Follows a file with the columns ``seconds`` (Unix time, or an ISO 8601 instant with its offset) and ``watts``, oldest first."""

    def __init__(
        self,
        file: Path,
        boundary: str,
        offset_s: float = 0.0,
        delta_s: float = 0.0,
        gain: Gain = UNCALIBRATED,
    ) -> None:
        self._file, self._boundary, self._gain = file, boundary, gain
        self._shift_ns = round(offset_s * 1e9) - (time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns())
        self._half_ns = round(delta_s * 1e9)
        self._read_to = 0
        self._rest = ""
        self._last_ns: int | None = None
        self.channels = (gain.of(Channel("csv/lab", 1, 1, kind=Kind.POWER, most_uw=MOST_UW, encloses=boundary == "node-wall")),)
        first = self._lines()
        if not first or tuple(name.strip() for name in first[0].split(",")) != COLUMNS:
            detail = f"{file} begins with {first[0][:80] if first else 'nothing'!r}"
            raise MeterFault(detail, Reason.MISCONFIGURED, f"Let its first line be {','.join(COLUMNS)!r}")
        self._early = self._readings(first[1:])

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        covers, note = f"what {self._file.name} records", "a lab meter's record, read as it grows"
        return MeterFacts("csv", self._boundary, False, covers, 0.0, self._gain.relative, note, self._gain.basis)

    def read(self, box: Box) -> tuple[Reading, ...]:
        """Every row since the last read. Raises MeterFault on rows that are no readings."""
        early, self._early = self._early, ()
        return early + self._readings(self._lines())

    def admit(self) -> None:
        """It's still being written. Raises MeterFault."""
        self._early += self._readings(self._lines())
        silent_s = (time.monotonic_ns() - (self._last_ns or 0)) / 1e9
        if self._last_ns is None or silent_s > STALE_S:
            detail = f"{self._file} has no row of the last {STALE_S:g} s (the last is {silent_s:.1f} s old by this host's clock)"
            raise MeterFault(detail, Reason.SILENT, "Start the recording, or mend `offset_s`")

    def _lines(self) -> list[str]:
        try:
            with self._file.open(encoding="utf-8") as file:
                file.seek(self._read_to)
                text = self._rest + file.read()
                self._read_to = file.tell()
        except (OSError, UnicodeDecodeError) as error:
            raise MeterFault(f"{self._file} can't be read: {error}", Reason.SILENT) from None
        *whole, self._rest = text.split("\n")
        return [line for line in whole if line.strip()]

    def _readings(self, lines: list[str]) -> tuple[Reading, ...]:
        return tuple(self._reading(*row) for row in csv.reader(lines))

    def _reading(self, *row: str) -> Reading:
        try:
            seconds, watts = row
            at_ns = round(to_seconds(seconds) * 1e9) + self._shift_ns
            raw = round(float(watts) * 1e6)
        except (ValueError, OverflowError):
            raise MeterFault(f"{self._file} has the row {','.join(row)[:80]!r}, seconds and watts are due", Reason.MISCONFIGURED) from None
        if self._last_ns is not None and at_ns <= self._last_ns:
            back_s = (self._last_ns - at_ns) / 1e9
            raise MeterFault(f"the clock of {self._file} went back by {back_s:.6f} s at {row[0]!r}: the run is void", Reason.CLOCK_STEP)
        ahead_ns = at_ns - self._half_ns - time.monotonic_ns()
        if ahead_ns > 0:
            detail = f"{self._file} has a row of {ahead_ns / 1e9:.3f} s from now (at {row[0]!r})"
            raise MeterFault(
                detail, Reason.CLOCK_STEP, "Its clock is ahead of this host's: mend `offset_s`, or `delta_s` where that's the doubt"
            )
        self._last_ns = at_ns
        return Reading("csv/lab", max(at_ns - self._half_ns, 0), max(at_ns + self._half_ns, 0), raw)


class ReplayMeter:
    """Plays one window of a stored trace again from now on, in its own time. Never billed: it measures nothing."""

    def __init__(self, file: Path, window: str = "train") -> None:
        trace = recorded(file, window)
        self.channels = tuple(replace(each, name=f"replay/{each.name}") for each in trace.channels)  # it may stand beside the real one
        self._file, self._meter = file, trace.meter
        self._shift_ns = time.monotonic_ns() - trace.readings[0].after_ns
        self._left = deque(trace.readings)

    @property
    def facts(self) -> MeterFacts:
        """See MeterFacts."""
        note = f"REPLAY of {self._file.name}: nothing of this machine is measured"
        return MeterFacts("replay", "replay", True, f"a recorded trace of {self._meter}", 0.0, None, note, "modelled")

    def read(self, box: Box) -> tuple[Reading, ...]:
        """What it had said by now and hadn't told yet. Raises MeterFault once the trace is over."""
        now_ns, due = time.monotonic_ns(), list[Reading]()
        while self._left and self._left[0].after_ns + self._shift_ns <= now_ns:
            each = self._left.popleft()
            before_ns, after_ns = each.before_ns + self._shift_ns, each.after_ns + self._shift_ns
            due.append(replace(each, channel=f"replay/{each.channel}", before_ns=before_ns, after_ns=after_ns))
        if not self._left:
            raise MeterFault(f"the trace in {self._file} is over", Reason.SILENT, "Replay a longer one")
        return tuple(due)

    def admit(self) -> None:
        """There's no device."""


def recorded(file: Path, window: str) -> Trace:
    """One window of a stored trace. Raises MeterFault."""
    try:
        traces = unpack(file.read_bytes())
        trace = traces[window]
    except (OSError, TraceError) as error:
        raise MeterFault(f"{file} is no stored trace: {error}", Reason.MISCONFIGURED) from None
    except KeyError:
        raise MeterFault(f"{file} has no window {window!r}, there are: {', '.join(traces)}", Reason.MISCONFIGURED) from None
    if not trace.readings:
        raise MeterFault(f"the window {window!r} of {file} has no readings", Reason.MISCONFIGURED)
    return trace


def to_seconds(text: str) -> float:
    """Unix seconds of a number or an ISO 8601 instant. Raises ValueError, also for an instant without an offset."""
    try:
        return float(text)
    except ValueError:
        instant = datetime.fromisoformat(text.strip())
        if instant.tzinfo is None:
            raise ValueError("an instant without its offset from UTC") from None
        return instant.timestamp()
