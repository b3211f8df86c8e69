"""The device's browser as a judge needs it: pages that are made and ended, a page of ours that watches, nothing left between two runs.

The connection is made anew when it has broken: a phone may be unplugged. It knows no runs and no verdicts.
"""

import contextlib
import logging
import threading
import time
from pathlib import Path
from typing import Any

from minjoule.box import BoxFault, BoxStuck
from sandbox.device.cdp import CommandError, Connection, DeviceGone
from sandbox.device.origin import Answer, Origin, fulfilment, of_ours
from sandbox.device.page import Page

HERE = Path(__file__).parent
FREE_S = 2.0
MEND_S = 20.0
LOOK_S = 0.05
LOADED_S = 10.0
log = logging.getLogger(__name__)


class Watch:
    """Our own page: an empty document in a secure context, where watch.js answers."""

    def __init__(self, connection: Connection, *, own_context: bool) -> None:
        """Raises DeviceGone, CommandError."""
        self.connection, self._origin = connection, Origin()
        self.context = connection.call("Target.createBrowserContext", {"disposeOnDetach": True})["browserContextId"] if own_context else ""
        where = {"browserContextId": self.context} if own_context else {}
        self.gone = threading.Event()
        self.target = connection.call("Target.createTarget", {"url": "about:blank"} | where)["targetId"]
        self._session = connection.call("Target.attachToTarget", {"targetId": self.target, "flatten": True})["sessionId"]
        loaded = threading.Event()

        def hear(event: str, parameters: dict[str, Any]) -> None:
            if event == "Fetch.requestPaused":
                empty = Answer(200, "text/html", b"<!doctype html><title>minjoule watches</title>")
                connection.ask("Fetch.fulfillRequest", fulfilment(parameters["requestId"], empty, self._origin.address), self._session)
            elif event == "Page.loadEventFired":
                loaded.set()
            elif event in ("Target.detachedFromTarget", "Target.targetCrashed", "Inspector.targetCrashed", "gone"):
                self.gone.set()  # somebody closed our tab, or the system took it: another is made

        for source in (self._session, self.target):
            connection.on(source, hear)
        for method, parameters in (("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}), ("Page.enable", {})):
            connection.call(method, parameters, self._session)
        connection.call("Page.navigate", {"url": f"{self._origin.address}/"}, self._session)
        if not loaded.wait(LOADED_S):
            raise DeviceGone(f"the browser didn't show our page within {LOADED_S:.0f} s")
        connection.call("Runtime.evaluate", {"expression": (HERE / "watch.js").read_text()}, self._session)

    def ask(self, code: str, timeout_s: float = LOADED_S) -> Any:
        """A call of watch.js; its answer as a value. Raises DeviceGone, CommandError."""
        asked = {"expression": f"minjoule.{code}", "awaitPromise": True, "returnByValue": True}
        said = self.connection.call("Runtime.evaluate", asked, self._session, timeout_s)
        if "exceptionDetails" in said:
            what = said["exceptionDetails"].get("exception", {}).get("description") or said["exceptionDetails"].get("text", "")
            raise CommandError(f"{code}: {str(what)[:300]}")
        return said["result"].get("value")

    def remove(self) -> None:
        """Close what may be left of it. Raises DeviceGone."""
        for method, name, value in (
            ("Target.closeTarget", "targetId", self.target),
            ("Target.disposeBrowserContext", "browserContextId", self.context),
        ):
            with contextlib.suppress(CommandError):
                self.connection.call(method, {name: value})

    def forget(self, origin: str) -> None:
        """Whatever an origin has stored in the context that we share with it. Raises DeviceGone."""
        with contextlib.suppress(CommandError):
            self.connection.call("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"}, self._session)


class DeviceBrowser:
    """The browser behind a DevTools URL. ``contexts`` is whether it has browser contexts; None to find out (Chrome on Android has none)."""

    def __init__(self, url: str, *, contexts: bool | None = None) -> None:
        self.url = url
        self.contexts = contexts
        self._connection: Connection | None = None
        self._watch: Watch | None = None
        self._making = threading.Lock()

    def connection(self) -> Connection:
        """The one that works, or a new one. Raises DeviceGone."""
        with self._making:
            if self._connection is None or self._connection.gone is not None:
                self._hang_up()
                self._connection, self._watch = Connection(self.url), None
                self._connection.call("Target.setDiscoverTargets", {"discover": True, "filter": [{"type": "page"}]})  # who crashed, and why
                if self.contexts is None:
                    self.contexts = has_contexts(self._connection)
            return self._connection

    def watch(self) -> Watch:
        """Our own page. Raises DeviceGone, CommandError."""
        connection = self.connection()
        with self._making:
            if self._watch is not None and self._watch.gone.is_set():
                self._watch.remove()
                self._watch = None
            if self._watch is None:
                self._watch = Watch(connection, own_context=bool(self.contexts))
            return self._watch

    def page(self, origin: Origin) -> Page:
        """A page that isn't open yet. Raises DeviceGone."""
        return Page(self.connection(), origin, own_context=bool(self.contexts))

    def free_gpu(self) -> bool:
        """Return once the graphics processor does nobody's work; whether what was there ended by itself, and not with its process.

        A device that is destroyed waits for its shaders, and whoever asks for the next one waits for that: an answer means quiet.
        Raises DeviceGone; BoxStuck where the browser doesn't get its graphics process back.
        """
        if self._quiet():
            return True
        log.warning("gpu_process_ended url=%s", self.url)
        until = time.monotonic() + MEND_S
        with contextlib.suppress(CommandError):
            self.connection().call("Browser.crashGpuProcess")
        while not self._quiet():
            if time.monotonic() > until:
                raise BoxStuck(f"the device's graphics process doesn't answer {MEND_S:.0f} s after its end: look at {self.url}")
            time.sleep(LOOK_S)
        return False

    def _answers(self, within_s: float) -> bool:
        watch = self.watch()
        try:
            return watch.ask("free()", within_s) is True
        except CommandError:
            return False
        except DeviceGone:
            if watch.connection.gone is not None:
                raise
            return False  # it's this answer alone that is missing

    def _quiet(self) -> bool:
        """Whether the graphics processor answers in time; where it was our own page that had gone, another asks. Raises DeviceGone."""
        watch = self.watch()
        return self._answers(FREE_S) or (watch.gone.is_set() and self._answers(FREE_S))

    def forget(self, origin: Origin) -> None:
        """What an origin stored, where it had no context of its own. Raises DeviceGone, CommandError."""
        if not self.contexts:
            self.watch().forget(origin.address)

    def reap(self) -> int:
        """Dispose of every context and page of ours but the watch; how many there were. Raises BoxFault."""
        try:
            found, until = self._leftovers(), time.monotonic() + MEND_S
            left = found
            while left:
                for method, name, value in left:
                    with contextlib.suppress(CommandError):
                        self.connection().call(method, {name: value})
                left = self._leftovers()
                if left and time.monotonic() > until:
                    raise BoxStuck(f"{len(left)} pages of ours don't close: look at the browser at {self.url}")
        except (DeviceGone, CommandError) as error:
            raise BoxFault(f"the device can't be cleared: {error}") from error
        return len(found)

    def _leftovers(self) -> list[tuple[str, str, str]]:
        """The commands that would remove what is ours: contexts (nobody else makes any on a judging device), and pages of our origins."""
        connection, watch = self.connection(), self.watch()
        contexts = connection.call("Target.getBrowserContexts").get("browserContextIds", []) if self.contexts else []
        targets = connection.call("Target.getTargets")["targetInfos"]
        pages = [each["targetId"] for each in targets if each["targetId"] != watch.target and of_ours(each.get("url", ""))]
        closing = [("Target.closeTarget", "targetId", page) for page in pages]
        return closing + [("Target.disposeBrowserContext", "browserContextId", context) for context in contexts if context != watch.context]

    def close(self) -> None:
        """Close what is ours, and hang up. Idempotent."""
        with self._making:
            if self._connection is not None and self._connection.gone is None and self._watch is not None:
                with contextlib.suppress(CommandError, DeviceGone):
                    self._connection.call("Target.closeTarget", {"targetId": self._watch.target})
            self._hang_up()
            self._watch = None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def has_contexts(connection: Connection) -> bool:
    """Whether this browser makes contexts with storage and a proxy of their own. Raises DeviceGone."""
    try:
        made = connection.call("Target.createBrowserContext", {"disposeOnDetach": True})["browserContextId"]
        connection.call("Target.disposeBrowserContext", {"browserContextId": made})
    except CommandError:
        return False
    return True
