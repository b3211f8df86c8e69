"""The server as a host sees it, in memory: queue, leases, reports."""

from collections.abc import Callable
from typing import Any

from worker.ports import Claim, LostLeaseError, RefusedError, ServerFault


class FakeReporter:
    """See ``worker.ports.Reporter``. ``journal`` is shared with the boxes where the order matters."""

    def __init__(self, bundles: dict[str, bytes], journal: list[str] | None = None) -> None:
        self.queue: list[Claim] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, tuple[str, str]] = {}
        self.beats: list[dict[str, Any]] = []
        self.controls: list[tuple[bool, str]] = []
        self.bounds_w: tuple[float | None, float | None] = (None, None)
        self.lost: set[str] = set()
        self.away = False
        self.presences = 0
        self.refuses = ""
        self.on_beat: Callable[[], None] = lambda: None
        self.journal = journal if journal is not None else []
        self._bundles = bundles

    def claim(self) -> Claim | None:
        self._reach()
        self.journal.append("claim")
        return self.queue.pop(0) if self.queue else None

    def presence(self) -> None:
        self._reach()
        self.presences += 1

    def bundle(self, claim: Claim) -> bytes:
        self._check(claim)
        return self._bundles[claim.submission_digest]

    def heartbeat(self, claim: Claim, beat: dict[str, Any]) -> None:
        self._check(claim)
        self.beats.append(beat)
        self.on_beat()

    def report(self, claim: Claim, content: dict[str, Any]) -> None:
        self._check(claim)
        if self.refuses:
            raise RefusedError(f"report: 422: {self.refuses}")
        self.journal.append("report")
        self.reports[claim.run_id] = content

    def control(self, said: str, *, passed: bool, idle_w: float | None = None, rated_w: float | None = None) -> None:
        self._reach()
        self.bounds_w = (idle_w, rated_w)
        self.journal.append("control")
        self.controls.append((passed, said))

    def fault(self, claim: Claim, cause: str, detail: str) -> None:
        self._check(claim)
        self.faults[claim.run_id] = (cause, detail)

    def _check(self, claim: Claim) -> None:
        self._reach()
        if claim.run_id in self.lost:
            raise LostLeaseError(f"attempt {claim.attempt_id} isn't yours any more")

    def _reach(self) -> None:
        if self.away:
            raise ServerFault("the server is away")
