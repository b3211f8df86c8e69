"""Up to the gate and through it: browser, page, adapter and device; then frames go to and fro until the phase is over."""

import argparse
import json
import os
import queue
import resource
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from minjoule.browser_harness.chromium import Chromium
from minjoule.browser_harness.loopback import Loopback, PageGone, PageSocket
from minjoule.protocol import Channel, Kind, ProtocolError

UP_S = 25.0
FRAME_CAP = 1 << 31
LEAVE, SAID, FACTS = 0, 100, 101  # kinds between page and harness only: the phase is over, a log line, what the page found
PASSED_ON = {Kind.ARTIFACT, Kind.FAILED, Kind.LOADED, Kind.LOGITS, Kind.READY}


class Story:
    """What the browser told of itself, for the verdict when the page is gone."""

    def __init__(self) -> None:
        self.crash: str | None = None
        self.gone = threading.Event()

    def note(self, event: str, parameters: dict[str, Any]) -> None:
        """An event of the browser's pipe."""
        if event == "Target.targetCrashed":
            self.crash = str(parameters.get("status", "crashed"))
        elif event == "gone":
            self.gone.set()

    def failure(self) -> dict[str, str]:
        """As a FAILED frame says it."""
        if self.crash == "oom":
            return {"outcome": "MEMORY_LIMIT", "message": "the page ran out of memory"}
        return {"outcome": "RUNTIME_ERROR", "message": f"the page left before its work was done ({self.crash or 'closed'}): see the log"}


def stand(arguments: argparse.Namespace, started: float) -> int:
    """Prepare, report READY, wait for OPEN, relay the phase. Returns the exit code: 0 done, 1 the entrant failed, 2 called off."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(arguments.socket)
    channel, story = Channel(connection), Story()
    loopback = Loopback(arguments.bundle, Path(__file__).resolve().parents[1] / "webgpu")
    browser = Chromium(arguments.browser, loopback.url, story.note)
    try:
        page = first_page(loopback, story)
        facts = json.loads(bytes(next_of(page, FACTS)))
    except PageGone as error:
        print(f"minjoule: the browser didn't show our page: {error}", file=sys.stderr)
        return 3
    if "missing" in facts:
        print(f"minjoule: {facts['missing']}", file=sys.stderr)
        return 3
    prelude_s = round(time.monotonic() - started, 6)
    try:
        channel.send_json(Kind.WAITING, {"prelude_s": prelude_s, "adapter": facts})
        taken = channel.expect(Kind.TAKE, 1 << 16)
        loopback.show_bundle()
        page.send(Kind.TAKE, taken)
        next_of(page, Kind.READY)
        ready = {"prelude_s": prelude_s, "children_cpu_ns": children_cpu_ns(), "pid": os.getpid(), "browser": browser.pid}
        channel.send_json(Kind.READY, ready | {"adapter": facts})
        threading.Thread(target=to_page, args=(channel, page), name="to-page", daemon=True).start()
        return to_host(channel, page, story)
    except (ProtocolError, PageGone) as error:
        print(f"minjoule: the run was called off at the gate: {error}", file=sys.stderr)
        return 2


def first_page(loopback: Loopback, story: Story) -> PageSocket:
    """The page that the browser shows. Raises PageGone where none comes, at once where the browser leaves."""
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline:
        try:
            return loopback.arrived.get(timeout=0.1)
        except queue.Empty:
            if story.gone.is_set():
                raise PageGone("it left by itself") from None
    raise PageGone(f"no connection within {UP_S:.0f} s")


def next_of(page: PageSocket, kind: int) -> memoryview:
    """The next message, which must be of that kind. Raises PageGone."""
    seen, payload = page.receive()
    if seen != kind:
        raise PageGone(f"the page sent kind {seen} where {kind} is due")
    return payload


def to_page(channel: Channel, page: PageSocket) -> None:
    """Whatever the host sends, to the page; either's end is the other direction's to notice."""
    try:
        while True:
            kind, payload = channel.receive(FRAME_CAP)
            page.send(kind, payload)
    except ProtocolError:
        os._exit(2)  # the host has hung up: nothing is left to do for anybody
    except PageGone:
        return


def to_host(channel: Channel, page: PageSocket, story: Story) -> int:
    """Whatever the page sends, to the host, until the page says that its work is done."""
    failed = False
    try:
        while True:
            kind, payload = page.receive()
            if kind == LEAVE:
                return int(failed)
            if kind == SAID:
                print(bytes(payload).decode(errors="replace"))
                continue
            if kind not in PASSED_ON:
                raise PageGone(f"the page sent a message of kind {kind}")
            failed = failed or kind == Kind.FAILED
            sys.stdout.flush()
            channel.send(Kind(kind), payload)
    except PageGone as error:
        time.sleep(0.05)  # the browser's own word of a crash comes by another way
        print(f"minjoule: {error}", file=sys.stderr)
        channel.send_json(Kind.FAILED, story.failure())
        return 1


def children_cpu_ns() -> int:
    """CPU time of the reaped children, nanoseconds (source: getrusage, microseconds)."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)
