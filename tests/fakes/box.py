"""Boxes that play the harness on a thread: the real protocol over a socket pair, CPU time from a script."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minjoule.box import BoxEnd, BoxFault, BoxSpec, Phase
from minjoule.harness import phases
from minjoule.protocol import Channel, Kind, ProtocolError


@dataclass
class Script:
    """What the entrant in the box does, and what goes wrong with the box itself."""

    train_cpu_ns: int = 2_000_000_000
    score_cpu_ns: int = 1_000_000_000
    failure: dict[str, str] | None = None
    log: bytes = b"hello from the box\n"
    hold: threading.Event | None = None
    before_gate: Callable[[], None] = lambda: None
    broken: dict[Phase, str] = field(default_factory=dict)
    sleep_s: float = 0.0
    fault: type[BoxFault] = BoxFault


class Zeros:
    """A predictor that knows nothing: one bit a label."""

    def reset(self, streams: int) -> None:
        """No context."""

    def predict(self, inputs: Any) -> Any:
        return np.zeros((len(inputs), 2), np.float32)


class FakeBoxes:
    """A BoxFactory; ``journal`` is what happened to its boxes, in order."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.boxes: list[FakeBox] = []
        self.journal: list[str] = []

    def __call__(self, spec: BoxSpec) -> "FakeBox":
        self.boxes.append(FakeBox(spec, self.script, self.journal))
        return self.boxes[-1]


class FakeBox:
    """See ``minjoule.box.Box``."""

    unsandboxed = True
    left_work = False

    def __init__(self, spec: BoxSpec, script: Script, journal: list[str]) -> None:
        self.spec, self._script, self._journal = spec, script, journal
        self._spent_ns = 0
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._ours: Channel | None = None
        self._theirs: Channel | None = None
        self.cleaned = False
        self.prepared_ns = 0
        self.span_ns = (0, 0)
        self.seed: int | None = None

    def prepare(self) -> Channel:
        self._journal.append(f"prepare {self.spec.phase}")
        self._script.before_gate()
        if why := self._script.broken.get(self.spec.phase):
            raise self._script.fault(why)
        ours, theirs = socket.socketpair()
        self._ours, self._theirs = Channel(ours), Channel(theirs)
        self._thread.start()
        self.prepared_ns = time.monotonic_ns()
        return self._ours

    def _live(self) -> None:
        assert self._theirs is not None
        try:
            given = phases.receive_given(self._theirs, 1 << 30)
            self.seed = int(phases.receive_opening(self._theirs)["seed"])
            began_ns = time.monotonic_ns()
            if self.spec.phase is Phase.TRAIN:
                self._train(self._theirs)
            else:
                self._spent_ns += self._script.score_cpu_ns
                self._theirs.send(Kind.LOADED)
                phases.answer(self._theirs, Zeros(), given)
            self.span_ns = (began_ns, time.monotonic_ns())
        except (ProtocolError, OSError):
            pass  # called off

    def _train(self, channel: Channel) -> None:
        self._spent_ns += self._script.train_cpu_ns
        time.sleep(self._script.sleep_s)
        if self._script.hold is not None:
            self._script.hold.wait(20)
        if self._script.failure is not None:
            channel.send_json(Kind.FAILED, self._script.failure)
        else:
            channel.send(Kind.ARTIFACT, b"model")

    def cpu_ns(self) -> int:
        return self._spent_ns

    def log_so_far(self) -> bytes:
        return self._script.log

    def wait_empty(self, grace_s: float, on_empty: Callable[[], None] | None = None) -> BoxEnd:
        if grace_s == 0.0 and self._script.hold is not None:
            self._script.hold.set()
        self._thread.join(20)
        if on_empty is not None:
            on_empty()
        return BoxEnd(0, False, False, self._script.log, False, self._spent_ns)

    def cleanup(self) -> None:
        if not self.cleaned:
            self._journal.append(f"cleanup {self.spec.phase}")
        self.cleaned = True
        if self._theirs is not None and self._ours is not None:
            self._ours.close()
            self._theirs.abort()
            self._thread.join(20)
            self._theirs.close()
