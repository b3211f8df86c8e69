"""What the judge needs of the outside: a server to report to, and a way to clear this host of what was left."""

from typing import Any, Protocol

from pydantic import BaseModel


class Claim(BaseModel):
    """A run to carry out, as the server leased it."""

    attempt_id: int
    run_id: str
    epoch: int
    lease_s: int
    submission_digest: str
    entrypoint: str
    track: dict[str, Any]
    instance_key: str
    seed: int
    purpose: str


class LostLeaseError(Exception):
    """The server says that the attempt isn't ours any more (409): drop it."""


class RefusedError(Exception):
    """The server refused what we said (422 and the like): saying it again wouldn't help."""


class ServerFault(Exception):
    """The server couldn't be reached or failed, for longer than we wait."""


class Reporter(Protocol):
    """The server, as a host sees it. Every call may raise ServerFault; all but claim and presence LostLeaseError and RefusedError."""

    def claim(self) -> Claim | None:
        """The next run, or None."""
        ...

    def presence(self) -> None:
        """This host is here, also while nothing waits. One try."""
        ...

    def bundle(self, claim: Claim) -> bytes:
        """The zip of the run's submission."""
        ...

    def heartbeat(self, claim: Claim, beat: dict[str, Any]) -> None:
        """Extend the lease; tell what is live."""
        ...

    def report(self, claim: Claim, content: dict[str, Any]) -> None:
        """The end. Tried again while the server is away."""
        ...

    def control(self, said: str, *, passed: bool, idle_w: float | None = None, rated_w: float | None = None) -> None:
        """What the control workload came to; a failure flags this host's runs since its last pass. Raises ServerFault alone.

        ``idle_w`` and ``rated_w`` (watts) are what the host's power lies between, where that's known.
        """
        ...

    def fault(self, claim: Claim, cause: str, detail: str) -> None:
        """We failed."""
        ...
