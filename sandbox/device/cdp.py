"""One connection to a browser's DevTools endpoint: commands with answers, events by session. It knows no pages and no boxes."""

import contextlib
import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

ANSWER_S = 15.0
REACH_S = 5.0
MOST_BYTES = 64 << 20
TOO_BIG = 1009  # RFC 6455: the peer's message was over our cap
Listener = Callable[[str, dict[str, Any]], None]


class DeviceGone(Exception):
    """The browser can't be reached (any more). ``flooded``: its page sent a message beyond every measure, so we hung up."""

    def __init__(self, message: str, *, flooded: bool = False) -> None:
        super().__init__(message)
        self.flooded = flooded


class CommandError(Exception):
    """The browser refused a command."""


def endpoint_of(url: str) -> tuple[str, dict[str, str]]:
    """The WebSocket address behind a DevTools URL (``http://HOST:PORT``), and what the browser says of itself. Raises DeviceGone."""
    address = url.rstrip("/")
    try:
        answer = httpx.get(f"{address}/json/version", timeout=REACH_S, trust_env=False)
        said = answer.raise_for_status().json()
        path = urlsplit(said["webSocketDebuggerUrl"]).path
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        how = "is the browser running with its debugging port open, and for a phone `adb forward` set?"
        raise DeviceGone(f"no browser answers at {address}/json/version ({type(error).__name__}: {error}): {how}") from None
    # The browser names itself as it was asked for; behind a forwarded port only our address leads there.
    parts = urlsplit(address)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{path}", {str(key): str(value)[:300] for key, value in said.items()}


class Connection:
    """The browser's own session and those attached through it. ``call`` may be used from any thread but a listener's."""

    def __init__(self, url: str) -> None:
        """Raises DeviceGone."""
        address, self.version = endpoint_of(url)
        self._open = contextlib.ExitStack()
        try:
            opened = connect(address, max_size=MOST_BYTES, compression=None, ping_interval=None, open_timeout=REACH_S, proxy=None)
            self._socket = self._open.enter_context(opened)
        except (OSError, WebSocketException) as error:
            raise DeviceGone(f"the browser at {url} let nobody in: {error}") from None
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[dict[str, Any]]] = {}
        self._listeners: dict[str, Listener] = {}
        self._lock = threading.Lock()
        self.gone: DeviceGone | None = None
        self._thread = threading.Thread(target=self._listen, name="cdp", daemon=True)
        self._thread.start()

    def call(self, method: str, parameters: dict[str, Any] | None = None, session: str = "", timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """One command and its answer. Raises DeviceGone (also without an answer in time), CommandError."""
        return self.answered(self.ask(method, parameters, session), timeout_s)

    def answered(self, asked: "Future[dict[str, Any]]", timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """The answer to an earlier command. Raises as ``call`` does."""
        try:
            return asked.result(timeout_s)
        except TimeoutError:
            raise DeviceGone(f"the browser didn't answer within {timeout_s:g} s") from None

    def ask(self, method: str, parameters: dict[str, Any] | None = None, session: str = "") -> "Future[dict[str, Any]]":
        """One command; its answer comes later. Never raises."""
        answer: Future[dict[str, Any]] = Future()
        number = next(self._numbers)
        with self._lock:
            if self.gone is not None:
                answer.set_exception(self.gone)
                return answer
            self._asked[number] = answer
        message = {"id": number, "method": method, "params": parameters or {}} | ({"sessionId": session} if session else {})
        try:
            self._socket.send(json.dumps(message))
        except (OSError, WebSocketException):
            self._lose("the connection to the browser broke")
        return answer

    def on(self, source: str, listener: Listener) -> None:
        """Who hears a session's events, or the browser's own about a target, on the reading thread: it may ``ask``, and never waits."""
        with self._lock:
            self._listeners[source] = listener
        if self.gone is not None:
            listener("gone", {})

    def off(self, source: str) -> None:
        """Nobody any more."""
        with self._lock:
            self._listeners.pop(source, None)

    def close(self) -> None:
        """Hang up. Idempotent; what was made with ``disposeOnDetach`` goes with it."""
        self._open.close()
        self._thread.join(ANSWER_S)

    def _listen(self) -> None:
        try:
            for message in self._socket:
                self._take(json.loads(message))
        except ConnectionClosed as closed:
            flooded = closed.sent is not None and closed.sent.code == TOO_BIG
            what = f"the page sent more than {MOST_BYTES} bytes at once" if flooded else "the connection to the browser broke"
            return self._lose(what, flooded=flooded)
        except (OSError, ValueError) as error:
            return self._lose(f"the browser doesn't speak the DevTools Protocol any more: {error}")
        self._lose("the browser hung up")

    def _take(self, said: dict[str, Any]) -> None:
        if "id" in said:
            with self._lock:
                answer = self._asked.pop(said["id"], None)
            if answer is None:
                return
            if "error" in said:
                return answer.set_exception(CommandError(str(said["error"].get("message", said["error"]))[:500]))
            return answer.set_result(said.get("result", {}))
        parameters = said.get("params", {})
        with self._lock:
            listener = self._listeners.get(said.get("sessionId") or parameters.get("targetId", ""))
        if listener is not None:
            listener(said["method"], parameters)

    def _lose(self, why: str, *, flooded: bool = False) -> None:
        with self._lock:
            if self.gone is not None:
                return
            self.gone = DeviceGone(why, flooded=flooded)
            asked, self._asked = list(self._asked.values()), {}
            listeners = list(self._listeners.values())
        for each in asked:
            each.set_exception(self.gone)
        for listener in listeners:
            listener("gone", {})
