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


class ServerFault(Exception):
    """The server couldn't be reached or failed, for longer than we wait."""


class RefusedError(ServerFault):
    """The server doesn't take what we sent (4xx): the same again would be refused again."""


class Reporter(Protocol):
    """The server, as a host sees it. Every call may raise ServerFault; all but claim LostLeaseError."""

    def claim(self) -> Claim | None:
        """The next run, or None."""
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

    def fault(self, claim: Claim, cause: str, detail: str) -> None:
        """We failed."""
        ...
