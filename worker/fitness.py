"""Whether this host can judge, after it failed: it proves it to itself before it takes another run.

A run has three attempts. A host whose engine can't start a box would use them up in seconds, one run after the other, and
each would end void; so after a fault nothing is claimed before a box of our own has started and ended as it should.
"""

from collections.abc import Callable


def nothing() -> None:
    """Where there is nothing to prove."""


class Fitness:
    """Doubted after a fault, until ``prove`` (which raises BoxFault) comes back."""

    def __init__(self, prove: Callable[[], None] = nothing) -> None:
        self._prove, self._doubted = prove, False

    def note(self, *, well: bool) -> None:
        """How the last attempt went."""
        self._doubted = not well

    def before_claim(self) -> None:
        """Raises BoxFault while this host can't judge."""
        if self._doubted:
            self._prove()
            self._doubted = False
