"""Boxes prepared ahead: while a host idles, a pair of the kind that was last asked for waits for its bundle.

Starting a container takes longer than judging a small entry. A box is still used once; one that waits has run nothing but
the harness and the prelude. It knows no runs.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from minjoule.box import BoxSpec
from sandbox import lifetime
from sandbox.docker_box import DockerBox, DockerBoxes, host_of
from sandbox.limits import LABEL

PAIR = 2


class PreparedBoxes:
    """A BoxFactory over another; ``keep_ahead`` is for a host that has nothing else to do."""

    def __init__(self, boxes: DockerBoxes) -> None:
        self._boxes = boxes
        self._wanted: BoxSpec | None = None
        self._waiting: list[tuple[float, DockerBox]] = []

    def __call__(self, spec: BoxSpec) -> DockerBox:
        """A waiting box of that kind, or a new one."""
        if self._wanted is None or kind_of(self._wanted) != kind_of(spec):
            self.clear()
        self._wanted = spec
        while self._waiting:
            began, box = self._waiting.pop(0)
            if box.waits() and time.monotonic() - began < lifetime.WAITING_S:
                return box.take(spec)
            box.cleanup()
        return self._boxes(spec)

    @property
    def tokens(self) -> frozenset[str]:
        """Names of the boxes that wait: what a reaper spares."""
        return frozenset(box.token for _, box in self._waiting)

    def keep_ahead(self) -> None:
        """Have a fresh pair of the last kind waiting. Raises BoxFault."""
        if self._wanted is None:
            return
        self._drop_stale()
        blank = blank_of(self._wanted)
        made = [self._boxes(blank) for _ in range(PAIR - len(self._waiting))]
        if not made:
            return
        began = time.monotonic()
        with ThreadPoolExecutor(PAIR) as starters:
            starting = [starters.submit(box.start) for box in made]
        failed = [error for each in starting if (error := each.exception())]
        if failed:
            for box in made:
                box.cleanup()
            raise failed[0]
        self._waiting += [(began, box) for box in made]

    def clear(self) -> None:
        """Remove whatever waits."""
        while self._waiting:
            self._waiting.pop()[1].cleanup()

    def _drop_stale(self) -> None:
        fresh = [(began, box) for began, box in self._waiting if box.waits() and time.monotonic() - began < lifetime.WAITING_S / 2]
        for each in self._waiting:
            if each not in fresh:
                each[1].cleanup()
        self._waiting = fresh


def kind_of(spec: BoxSpec) -> tuple[object, ...]:
    """What a container is shaped by: the rest of a spec is told to the box later, or watched from outside."""
    return spec.image, spec.prelude, host_of(spec), replace(spec.limits, wall_s=lifetime.longest_s(spec.limits), cpu_s=0)


def blank_of(spec: BoxSpec) -> BoxSpec:
    """A spec of the same kind for nobody."""
    return replace(spec, name="ahead", bundle=Path(), entrypoint="", labels={f"{LABEL}.host": host_of(spec)})
