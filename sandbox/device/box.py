"""The box in a device's browser: the harness page of the image ``webgpu``, driven from here. See ``minjoule.box.Box`` for the contract.

What the harness of the image does beside its Chromium (the gate's side of the page, the relay of frames) is done on threads of the
worker. A device tells no CPU time: what stands in for it is the time that the entrant's code had it. It knows no meters.
"""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from minjoule.box import BoxEnd, BoxFault, BoxSpec, BoxStuck
from minjoule.browser_harness.gate import FACTS, LEAVE, PASSED_ON, SAID
from minjoule.protocol import Channel, Kind, ProtocolError
from sandbox.adapter import refuse_other
from sandbox.device.browser import DeviceBrowser
from sandbox.device.cdp import CommandError, DeviceGone, endpoint_of
from sandbox.device.origin import Origin
from sandbox.device.page import Page, PageLeft

UP_S = 25.0
FRAME_CAP = 1 << 31
LAST_WORD_S = 0.3  # the browser's own word of a lost connection comes by another way
JOIN_S = 10.0
WEBGPU = "webgpu"
log = logging.getLogger(__name__)


class DeviceBoxes:
    """Makes boxes in one browser. ``adapter`` is what they must compute on; None where nobody promised anything."""

    def __init__(self, browser: DeviceBrowser, adapter: Mapping[str, Any] | None = None) -> None:
        self.browser, self.promised = browser, adapter

    def __call__(self, spec: BoxSpec) -> "DeviceBox":
        """See BoxFactory. Raises BoxFault for a track that doesn't run in a browser."""
        if spec.image != WEBGPU:
            raise BoxFault(
                f"the track wants the image {spec.image!r}, and a device's browser runs {WEBGPU!r} alone: give it another host class"
            )
        return DeviceBox(spec, self.browser, self.promised)


class DeviceBox:
    """One page, used once. Made by ``DeviceBoxes``."""

    unsandboxed = False
    left_work = False

    def __init__(self, spec: BoxSpec, browser: DeviceBrowser, promised: Mapping[str, Any] | None = None) -> None:
        self._spec, self._browser, self._promised = spec, browser, promised
        self._page: Page | None = None
        self._ours: Channel | None = None
        self._theirs: Channel | None = None
        self._threads: list[threading.Thread] = []
        self._left = threading.Event()
        self._ending = self._failed = self._log_truncated = False
        self._log = bytearray()
        self._opened_ns = self._closed_ns = 0
        self._end: BoxEnd | None = None
        self.adapter: dict[str, Any] = {}

    def prepare(self) -> Channel:
        """See Box."""
        if self._ours is not None:
            return self._ours
        try:
            page = self._stand()
        except (DeviceGone, CommandError, PageLeft, TimeoutError, ValueError) as error:
            raise BoxFault(f"the device didn't bring our page to its gate: {error}") from error
        ours, theirs = socket.socketpair()
        self._ours, self._theirs = Channel(ours), Channel(theirs)
        for work in (self._to_page, self._to_host):
            thread = threading.Thread(target=work, args=(page, self._theirs), name=work.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self._ours

    def start(self) -> Page:
        """Up to where a bundle is wanted: the page is there with adapter and device. Raises BoxFault and what the device raises."""
        page = self._page = self._browser.page(Origin())
        page.open(self._spec.limits.tmp_bytes)
        facts = json.loads(next_of(page, FACTS))
        if "missing" in facts:
            raise BoxFault(f"the device's browser isn't fit: {facts['missing']}")
        self.adapter = facts
        if self._promised is not None:
            refuse_other(facts, self._promised)
        return page

    def _stand(self) -> Page:
        page = self.start()
        page.origin.show(self._spec.bundle)
        page.send(Kind.TAKE, json.dumps({"entrypoint": self._spec.entrypoint, "phase": self._spec.phase}).encode())
        next_of(page, Kind.READY)
        return page

    def cpu_ns(self) -> int:
        """See Box: the time since the gate opened, until the page was gone, for a device tells no more."""
        if not self._opened_ns:
            return 0
        return (self._closed_ns or time.monotonic_ns()) - self._opened_ns

    def log_so_far(self) -> bytes:
        """See Box."""
        return bytes(self._log)

    def wait_empty(self, grace_s: float, on_empty: Callable[[], None] | None = None) -> BoxEnd:
        """See Box. Empty is: the page is gone, and the graphics processor does nothing more. Raises BoxFault, BoxStuck."""
        if self._end is not None:
            return self._end
        if self._page is None:
            raise BoxFault("the box isn't started")
        killed = self._ending = not self._left.wait(grace_s)
        try:
            self._clear(self._page, by_force=killed)
        except DeviceGone as error:
            if self._page.lost or not self._reachable():
                raise BoxFault(f"the device left in mid-run: {error}") from error
            raise BoxStuck(f"the device's browser doesn't answer any more: {error}") from error
        except CommandError as error:
            raise BoxFault(f"the device's browser refused to close the page: {error}") from error
        self._closed_ns = time.monotonic_ns()
        if on_empty is not None:
            on_empty()
        code = None if killed else int(self._failed)
        self._end = BoxEnd(code, self._page.crash == "oom", killed, bytes(self._log), self._log_truncated, self.cpu_ns())
        return self._end

    def _clear(self, page: Page, *, by_force: bool) -> None:
        try:
            if not page.close(by_force=by_force):
                self.left_work = not self._browser.free_gpu()  # a page may wait for the graphics process before it goes
                if not page.close(by_force=True):
                    raise BoxStuck(f"the entry's page doesn't close: look at the browser at {self._browser.url}")
        except DeviceGone as gone:
            if not gone.flooded:
                raise
            self._browser.reap()  # it was the page's act that we hung up: what was ours is looked for by a new connection
        self._browser.forget(page.origin)
        self.left_work |= not self._browser.free_gpu()

    def _reachable(self) -> bool:
        """Whether anybody is there at all: a browser that hangs still takes connections."""
        try:
            endpoint_of(self._browser.url)
        except DeviceGone:
            return False
        return True

    def cleanup(self) -> None:
        """See Box. What can't be closed now is logged, and left to the next reaping."""
        if self._page is not None and self._end is None:
            try:
                self._page.close(by_force=True)
            except (DeviceGone, CommandError) as error:
                log.warning("box_cleanup_incomplete name=%s error=%s", self._spec.name, error)
        for channel in (self._theirs, self._ours):
            if channel is not None:
                channel.abort()
        for thread in self._threads:
            thread.join(JOIN_S)
        for channel in (self._theirs, self._ours):
            if channel is not None:
                channel.close()

    def _to_page(self, page: Page, channel: Channel) -> None:
        """Whatever the host sends, to the page. The other direction notices either's end."""
        with contextlib.suppress(ProtocolError, PageLeft):
            while True:
                kind, payload = channel.receive(FRAME_CAP)
                if kind is Kind.OPEN:
                    page.front()
                    self._opened_ns = time.monotonic_ns()
                page.send(kind, payload)

    def _to_host(self, page: Page, channel: Channel) -> None:
        """Whatever the page sends, to the host, until the page says that its work is done, or is gone."""
        with contextlib.suppress(ProtocolError):
            try:
                while True:
                    kind, payload = page.receive()
                    if kind == LEAVE:
                        break
                    if kind == SAID:
                        self._say(payload)
                        continue
                    if kind not in PASSED_ON:
                        raise PageLeft(f"the page sent a message of kind {kind}")
                    self._failed = self._failed or kind == Kind.FAILED
                    channel.send(Kind(kind), payload)
            except PageLeft as error:
                self._failed = True
                self._tell_failure(page, channel, error)
        channel.abort()  # what was said is read all the same
        self._left.set()

    def _tell_failure(self, page: Page, channel: Channel, error: PageLeft) -> None:
        """A page that went by itself has failed; where we ended it or the whole device went, ``wait_empty`` tells."""
        time.sleep(LAST_WORD_S)
        if not self._opened_ns or self._ending or page.lost:
            return
        if page.crash == "oom":
            return channel.send_json(Kind.FAILED, {"outcome": "MEMORY_LIMIT", "message": "the page ran out of memory"})
        said = {"outcome": "RUNTIME_ERROR", "message": f"the page left before its work was done: {error}"}
        channel.send_json(Kind.FAILED, said)

    def _say(self, words: bytes) -> None:
        line = words + b"\n"
        room = max(self._spec.limits.log_bytes - len(self._log), 0)
        self._log += line[:room]
        self._log_truncated |= len(line) > room


def next_of(page: Page, kind: int) -> bytes:
    """The next message, which must be of that kind. Raises PageLeft, TimeoutError."""
    seen, payload = page.receive(UP_S)
    if seen != kind:
        raise PageLeft(f"the page sent kind {seen} where {kind} is due")
    return payload
