"""Errors by whose fault they are. A ParticipantError is shown as written and never retried; a Fault is ours."""


class ParticipantError(Exception):
    """Somebody asked for what can't be had. ``message`` says what, the value and the limit; ``hint`` what to do."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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
    """Too often or too much. ``retry_after_s``: when it may be tried again, seconds; None where that is another matter."""

    status = 429
    code = "quota_exceeded"

    def __init__(self, message: str, hint: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s
