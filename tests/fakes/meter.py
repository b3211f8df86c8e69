"""A meter that replays counts, and then breaks if it's told to."""

import itertools
import time

from minjoule.box import Box
from minjoule.meter import Channel, MeterFacts, MeterFault, Reading


class ReplayMeter:
    """Every read goes up by the next of ``steps`` microjoules (the last is repeated); read number ``breaks_at`` fails."""

    channels = (Channel("replay", 1, 1),)
    facts = MeterFacts("replay", "node-cpu", False, "a script", 0.0, None, "replayed")

    def __init__(self, *steps: int, breaks_at: int | None = None) -> None:
        self._steps = itertools.chain(steps[:-1], itertools.repeat(steps[-1]))
        self._breaks_at = breaks_at
        self._raw = 0
        self.reads = 0

    def read(self, box: Box) -> tuple[Reading, ...]:
        self.reads += 1
        if self.reads == self._breaks_at:
            raise MeterFault("the replayed meter fell silent")
        self._raw += next(self._steps)
        at = time.monotonic_ns()
        return (Reading("replay", at, at, self._raw),)

    def admit(self) -> None:
        """A script has no device."""
