"""How long a submission's boxes took on this host: by that the next run knows how many share its windows, without another probe.

The shortest counts, so who is slow while it's looked at and quick afterwards has its windows short once, and never again.
"""

from collections import OrderedDict

from minjoule.outcome import Outcome
from minjoule.trial import TrialResult

KEPT = 1000


class Lengths:
    """The shortest length of a box, nanoseconds, of the submissions that were judged last. It's forgotten when the worker ends."""

    def __init__(self) -> None:
        self._shortest: OrderedDict[str, int] = OrderedDict()

    def of(self, submission: str) -> int:
        """0 where nothing is known."""
        return self._shortest.get(submission, 0)

    def note(self, submission: str, result: TrialResult) -> None:
        """Learn from a run: what was expected of it, and how long its boxes took if all went well."""
        seen = [self.of(submission), result.sharing.expected_ns]
        if result.outcome is Outcome.FINISHED:
            seen.append(lasted_ns(result))
        self._shortest[submission] = min((each for each in seen if each), default=0)
        self._shortest.move_to_end(submission)
        while len(self._shortest) > KEPT:
            self._shortest.popitem(last=False)


def lasted_ns(result: TrialResult) -> int:
    """A box's mean length in both windows, nanoseconds."""
    bills = [bill for bill in (result.train, result.score) if bill is not None]
    return sum((bill.trace.window.end_ns - bill.trace.window.begin_ns) // bill.boxes for bill in bills)
