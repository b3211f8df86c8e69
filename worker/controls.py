"""When this host's control workload is due, and what follows from it: a host that fails it judges nothing until it passes.

It's due before the first run of a day (UTC) and after every so many runs, on measured boundaries. The history on disk is the truth:
an operator's `calibrate` counts, and brings a host that stood down back without a restart.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from minjoule.meter import MeterFault
from worker.calibration import Calibration, keep, load_history, refuse_quarantined
from worker.logs import get_logger
from worker.ports import Reporter

log = get_logger()
Measure = Callable[[Sequence[Calibration]], Calibration]


def today() -> dt.date:
    """By UTC."""
    return dt.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), dt.UTC).date()


class Controls:
    """The control workload of one host. ``every`` is the number of runs between two; 0 switches it off, and the record says so.

    ``rated_w`` is what the machine draws at most within its boundary, watts; None where nobody knows.
    """

    def __init__(
        self, meter: str, history: Path, every: int, measure: Measure, day: Callable[[], dt.date] = today, rated_w: float | None = None
    ) -> None:
        self._meter, self._history, self._every, self._measure, self._day = meter, history, every, measure, day
        self._rated_w = rated_w
        self._runs = 0
        self._told = ""

    def before_claim(self, reporter: Reporter) -> bool:
        """Whether this host may judge now; carries out the control workload where it's due.

        Raises MeterFault where a meter fails meanwhile, ServerFault where the server can't be told: then nothing is claimed either.
        """
        history = load_history(self._history)
        if self.due(history):
            found = self._measure(history)
            keep(self._history, found)
            history.append(found)
            self._runs = 0
        last = self._last(history)
        if last is not None and last.at != self._told:
            said = last.failed or f"spread {last.spread:.2%} over {len(last.control_uj)} runs"
            idle_w = last.idle_uw / 1e6 or None
            reporter.control(said, passed=not last.failed, idle_w=idle_w, rated_w=self._rated_w)
            self._told = last.at
        try:
            refuse_quarantined(history, self._meter)
        except MeterFault as fault:
            log.error("host_stands_down", reason=str(fault)[:500])
            return False
        return True

    def due(self, history: Sequence[Calibration]) -> bool:
        """A host that has failed waits for its operator; any other is looked at daily, and after so many runs."""
        last = self._last(history)
        if not self._every or (last is not None and last.failed):
            return False
        return last is None or self._runs >= self._every or dt.datetime.fromisoformat(last.at).date() != self._day()

    def count(self) -> None:
        """A run is done."""
        self._runs += 1

    def facts(self) -> dict[str, str | int]:
        """What a record says of it."""
        last = self._last(load_history(self._history))
        if last is None:
            return {"control": "none yet" if self._every else "switched off"}
        return {"control": f"failed {last.at}" if last.failed else f"passed {last.at}, spread {last.spread:.2%}"}

    def _last(self, history: Sequence[Calibration]) -> Calibration | None:
        return next((each for each in reversed(history) if each.meter == self._meter), None)
