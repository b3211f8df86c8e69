"""What every request passes: body cap, cross-site check, answers of the last moment, security headers, one log line.

Pure ASGI: it costs next to nothing.
"""

import asyncio
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.logs import get_logger
from server.recent import Key, RecentAnswers, key_of
from server.settings import Settings

log = get_logger()
BODY_CAP = 4 << 20
SAFE = {"GET", "HEAD", "OPTIONS"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"x-frame-options": b"DENY",
}
STRICT_TRANSPORT = {b"strict-transport-security": b"max-age=31536000"}


class BodyTooLargeError(Exception):
    """The body passed the cap while it was read."""


class BodyTooSlowError(Exception):
    """The body wasn't here in time."""


class Guard:
    """See the module's docstring."""

    def __init__(self, app: ASGIApp, settings: Settings, cookie_name: str) -> None:
        self._app = app
        self._cookie = f"{cookie_name}="
        self._origin = settings.public_url.rstrip("/")
        self._headers = tuple((HEADERS | (STRICT_TRANSPORT if settings.https else {})).items())
        self._recent = RecentAnswers()
        self._body_s = settings.body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        key = key_of(scope)
        known = self._recent.find(key)
        if known:
            await send(known[0])
            await send(known[1])
            status = known[0]["status"]
        else:
            status = await self._answer(scope, receive, send, key)
        wall_ms = round((time.perf_counter() - began) * 1000, 2)
        log.info("request_answered", method=scope["method"], path=scope["path"], status=status, wall_ms=wall_ms)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, key: Key | None) -> int:
        started: Message = {"status": 0}
        state = scope.setdefault("state", {})

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = self._with_headers(message)
            elif message.get("more_body"):
                state.pop("remember_s", None)  # only what came in one piece is kept
            elif key and started["status"] == 200 and "remember_s" in state:
                self._recent.keep(key, state["remember_s"], started, message)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
        else:
            await self._pass(scope, receive, send_guarded)
        return int(started["status"])

    def _with_headers(self, start: Message) -> Message:
        headers = start["headers"] = list(start["headers"])
        there = {name for name, _ in headers}
        headers += [(name, value) for name, value in self._headers if name not in there]
        return start

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, whole = 0, False
        deadline = asyncio.get_running_loop().time() + self._body_s

        async def receive_bounded() -> Message:
            nonlocal taken, whole
            if whole:  # what comes now is the end of the connection, which may take as long as a stream of events
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlowError from None
            whole = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > BODY_CAP:
                raise BodyTooLargeError
            return message

        try:
            await self._app(scope, receive_bounded, send)
        except BodyTooLargeError:
            await too_large()(scope, receive, send)
        except BodyTooSlowError:
            slow = f"the request's body wasn't here after {self._body_s:g} s"
            await refuse(408, "too_slow", slow, "send it again over a faster connection")(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_CAP:
            return too_large()
        if scope["method"] in SAFE or headers.get("authorization"):
            return None
        if self._cookie not in headers.get("cookie", "") and not headers.get("sec-fetch-site") and not headers.get("origin"):
            return None
        if self._same_site(headers):
            return None
        return refuse(403, "cross_site", "this request came from another site", "send the form from this site's own pages")

    def _same_site(self, headers: Headers) -> bool:
        fetched = headers.get("sec-fetch-site")
        if fetched is not None:
            return fetched in ("same-origin", "none")
        origin = headers.get("origin", "")
        return origin == self._origin or urlsplit(origin).netloc == headers.get("host", "")


def too_large() -> JSONResponse:
    """413."""
    return refuse(413, "too_large", f"the request's body is over {BODY_CAP} bytes", "send less; bundles hold source text only")


def refuse(status: int, code: str, message: str, hint: str) -> JSONResponse:
    """An error before the app is reached."""
    return JSONResponse({"error": {"code": code, "message": message, "hint": hint}}, status, headers={"connection": "close"})
