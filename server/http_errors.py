"""Errors as answers: JSON under /api, a page elsewhere. What isn't a ParticipantError is ours, gets a reference, and says nothing else."""

import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from server.domain.errors import ParticipantError
from server.logs import get_logger

log = get_logger()


def answer(request: Request, status: int, code: str, message: str, hint: str) -> Response:
    """The error in the reader's form."""
    page = getattr(request.app.state, "error_page", None)
    if request.url.path.startswith("/api/") or page is None:
        return JSONResponse({"error": {"code": code, "message": message, "hint": hint}}, status)
    rendered: Response = page(request, status, message, hint)
    return rendered


def on_participant_error(request: Request, error: Any) -> Response:
    """Shown as written."""
    answered = answer(request, error.status, error.code, error.message, error.hint)
    answered.headers.update(headers_of(error))
    return answered


def headers_of(error: ParticipantError) -> dict[str, str]:
    """What an error says to programs: when to come back."""
    seconds = getattr(error, "retry_after_s", None)
    return {} if seconds is None else {"retry-after": str(seconds)}


def on_http_error(request: Request, error: Any) -> Response:
    """What the framework refuses."""
    hints = {404: "check the address", 405: "this address doesn't take that method"}
    return answer(request, error.status_code, f"http_{error.status_code}", str(error.detail), hints.get(error.status_code, ""))


def on_invalid(request: Request, error: Any) -> Response:
    """Fields that don't fit: which, and why; never the value of a secret."""
    said = "; ".join(f"{'.'.join(map(str, each['loc'][1:])) or each['loc'][0]}: {each['msg']}" for each in error.errors()[:5])
    return answer(request, 422, "invalid", f"the request doesn't fit: {said}", "mend the fields named")


def on_bug(request: Request, error: Exception) -> Response:
    """Ours: logged with a reference that the reader can quote."""
    reference = secrets.token_hex(4)
    log.error("request_crashed", reference=reference, path=request.url.path, exc_info=error)
    return answer(
        request, 500, "fault", f"this is our fault; reference {reference}", "try again; tell the organizers the reference if it stays"
    )


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(ParticipantError, on_participant_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_bug)
