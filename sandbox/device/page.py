"""One page in the device's browser: opened at an origin of its own, spoken to message by message, and ended for certain.

Nothing of it reaches a network: each request is answered here or fails, the content policy refuses what isn't a request, and where the
browser has contexts the page's one goes through a proxy that isn't there. It knows no verdicts.
"""

import base64
import contextlib
import queue
import threading
import time
from pathlib import Path
from typing import Any

from sandbox.device.cdp import CommandError, Connection
from sandbox.device.origin import PAGE, Origin, fulfilment

HERE = Path(__file__).parent
WORLD, BINDING = "minjoule", "minjouleTell"
PIECE_BYTES = 1 << 20
PIECE_COSTS = 64
"""What relay.js counts a piece for beside its bytes."""
ACKNOWLEDGED_BYTES = 1 << 22
MOST_BYTES = 1 << 28
CLOSE_S = 3.0
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody listens at: names aren't looked up, and what isn't intercepted ends there."""
STRANGERS = "<-loopback>"
"""Chromium's word for: loopback addresses aren't exempt either."""


class PageLeft(Exception):
    """The page isn't there any more: it crashed, it was closed, or it sent what can't be taken."""


class Page:
    """A page of ``origin``. Made by ``DeviceBrowser``."""

    def __init__(self, connection: Connection, origin: Origin, *, own_context: bool) -> None:
        self._connection, self.origin = connection, origin
        self._inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._whole = bytearray()
        self._taken_bytes = 0
        self._world = 0
        self._own_context = own_context
        self._context = ""
        self._target = self._session = ""
        self.gone = threading.Event()
        self.crash: str | None = None

    def open(self, quota_bytes: int) -> None:
        """Up to our scripts' first word. Raises DeviceGone, CommandError."""
        call = self._connection.call
        if self._own_context:
            made = {"disposeOnDetach": True, "proxyServer": NOWHERE, "proxyBypassList": STRANGERS}
            self._context = call("Target.createBrowserContext", made)["browserContextId"]
        where = {"browserContextId": self._context} if self._context else {}
        self._target = call("Target.createTarget", {"url": "about:blank"} | where)["targetId"]
        self._session = call("Target.attachToTarget", {"targetId": self._target, "flatten": True})["sessionId"]
        for source in (self._session, self._target):
            self._connection.on(source, self._hear)
        asked = [self._connection.ask(*each, self._session) for each in self._settings(quota_bytes)]
        for each in asked:
            self._connection.answered(each)
        call("Page.navigate", {"url": self.origin.address + PAGE}, self._session)
        world = {"frameId": self._target, "worldName": WORLD}
        self._world = call("Page.createIsolatedWorld", world, self._session)["executionContextId"]

    def _settings(self, quota_bytes: int) -> list[tuple[str, dict[str, Any]]]:
        shim, relay = (HERE / name for name in ("shim.js", "relay.js"))
        return [
            ("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
            ("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}),
            ("Page.enable", {}),
            ("Runtime.enable", {}),  # without it no binding is heard
            ("Runtime.addBinding", {"name": BINDING, "executionContextName": WORLD}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": shim.read_text()}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": relay.read_text(), "worldName": WORLD}),
            ("Storage.overrideQuotaForOrigin", {"origin": self.origin.address, "quotaSize": quota_bytes}),
        ]

    @property
    def lost(self) -> bool:
        """Whether it's the whole browser that is gone, by no act of the page's."""
        return self._connection.gone is not None and not self._connection.gone.flooded

    def front(self) -> None:
        """In sight: a phone gives little to a tab that nobody sees."""
        self._connection.ask("Page.bringToFront", session=self._session)

    def send(self, kind: int, payload: bytes | bytearray) -> None:
        """One message, in pieces. Raises PageLeft."""
        whole = memoryview(bytes((kind,)) + payload)
        for at in range(0, len(whole), PIECE_BYTES):
            piece = base64.b64encode(whole[at : at + PIECE_BYTES]).decode()
            if self.gone.is_set():
                raise PageLeft("the page has left")
            self._run("minjouleTake", piece, at + PIECE_BYTES >= len(whole))

    def receive(self, timeout_s: float | None = None) -> tuple[int, bytes]:
        """One message: kind and payload. Raises PageLeft, and TimeoutError."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            try:
                piece = self._inbox.get(timeout=None if until is None else max(until - time.monotonic(), 0.001))
            except queue.Empty:
                raise TimeoutError(f"the page said nothing for {timeout_s:g} s") from None
            if piece is None:
                self._inbox.put(None)
                why = self._connection.gone or self.crash or "closed"
                raise PageLeft(f"the page has left ({why})")
            taken = base64.b64decode(piece[1:])
            self._whole += taken
            self._acknowledge(len(taken) + PIECE_COSTS)
            if len(self._whole) > MOST_BYTES:
                raise PageLeft(f"the page sent a message of more than {MOST_BYTES} bytes")
            if piece[0] == "." and self._whole:
                whole, self._whole = bytes(self._whole), bytearray()
                return whole[0], whole[1:]

    def _acknowledge(self, count: int) -> None:
        self._taken_bytes += count
        if self._taken_bytes >= ACKNOWLEDGED_BYTES:
            self._run("minjouleTaken", self._taken_bytes)
            self._taken_bytes = 0

    def _run(self, name: str, *values: object) -> None:
        arguments = [{"value": value} for value in values]
        code = f"(...all) => {name}(...all)"
        parameters = {"functionDeclaration": code, "arguments": arguments, "executionContextId": self._world, "silent": True}
        self._connection.ask("Runtime.callFunctionOn", parameters, self._session)

    def close(self, *, by_force: bool) -> bool:
        """Close it with its context; whether it's gone. Raises DeviceGone, ``flooded`` where the page had made us hang up."""
        if not self._target:
            return True
        if by_force:
            self._connection.ask("Runtime.terminateExecution", session=self._session)
        for _ in range(2):
            with contextlib.suppress(CommandError):
                self._connection.call("Target.closeTarget", {"targetId": self._target})
            if self._context:
                with contextlib.suppress(CommandError):
                    self._connection.call("Target.disposeBrowserContext", {"browserContextId": self._context})
            if self.gone.wait(CLOSE_S):
                break
        if self._connection.gone is not None:
            raise self._connection.gone
        if self.gone.is_set():
            for source in (self._session, self._target):
                self._connection.off(source)
        return self.gone.is_set()

    def _hear(self, event: str, parameters: dict[str, Any]) -> None:
        if event == "Fetch.requestPaused":
            self._serve(parameters)
        elif event == "Runtime.bindingCalled":
            if parameters.get("name") == BINDING and parameters["payload"]:
                self._inbox.put(parameters["payload"])
        elif event == "Target.attachedToTarget":  # a window or a worker that the page would have: it ends before its first script
            self._connection.ask("Target.closeTarget", {"targetId": parameters["targetInfo"]["targetId"]})
        elif event == "Page.javascriptDialogOpening":
            self._connection.ask("Page.handleJavaScriptDialog", {"accept": False}, self._session)
        elif event == "Target.targetCrashed":
            self._leave(str(parameters.get("status", "crashed")))
        elif event in ("Target.detachedFromTarget", "gone"):
            self._leave("closed")

    def _leave(self, how: str) -> None:
        self.crash = self.crash or how
        self.gone.set()
        self._inbox.put(None)

    def _serve(self, paused: dict[str, Any]) -> None:
        request, number = paused["request"], paused["requestId"]
        answer = self.origin.answer(request["url"], request["method"])
        if answer is None:
            self._connection.ask("Fetch.failRequest", {"requestId": number, "errorReason": "BlockedByClient"}, self._session)
        else:
            self._connection.ask("Fetch.fulfillRequest", fulfilment(number, answer, self.origin.address), self._session)
