"""Errors by whose fault they are. A ParticipantError is shown as written and never retried; a Fault is ours."""

from typing import Any


class ParticipantError(Exception):
    """Somebody asked for what can't be had. ``message`` says what, the value and the limit; ``hint`` what to do.

    ``details`` is the same for programs, and ``retry_after_s`` when it can be had, where that's known.
    """

    status = 400
    code = "bad_request"

    def __init__(self, message: str, hint: str = "", *, details: dict[str, Any] | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or {}
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its body."""
        return {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}


class Unauthorized(ParticipantError):
    """No credential, or one that doesn't hold."""

    status = 401
    code = "unauthorized"


class Forbidden(ParticipantError):
    """A good credential without the right."""

    status = 403
    code = "forbidden"


class NotFound(ParticipantError):
    """No such thing, or not yours to see."""

    status = 404
    code = "not_found"


class Conflict(ParticipantError):
    """It contradicts the present state."""

    status = 409
    code = "conflict"


class Closed(ParticipantError):
    """It was possible once."""

    status = 410
    code = "closed"


class TooLarge(ParticipantError):
    """A body over its cap."""

    status = 413
    code = "too_large"


class Inadmissible(ParticipantError):
    """Refused at the door; nothing is stored."""

    status = 422
    code = "inadmissible"


class QuotaExceeded(ParticipantError):
    """Too often or too much."""

    status = 429
    code = "quota_exceeded"
