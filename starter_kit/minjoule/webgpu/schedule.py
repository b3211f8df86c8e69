"""``schedule.json`` at the door: what a modelled WebGPU entry runs, checked line by line.

The same rules as schedule.js, which the runner applies; the limits are in limits.json, which both read. Of the shaders it
knows their names alone: the browser compiles them.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from minjoule.webgpu import lined
from minjoule.webgpu.lined import Lined, LinedError

FILE = "schedule.json"
INITIALS = ("zero", "seed", "shape", "training.inputs", "training.labels", "training.symbols", "training.starts", "heldout.inputs")
KEYS = ("version", "buffers", "pipelines", "train", "load", "predict", "reset", "artifact", "logits")
REQUIRED = ("version", "buffers", "pipelines", "train", "predict", "artifact", "logits")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
SHADER = re.compile(r"[A-Za-z0-9_-]{1,60}\.wgsl")
At = tuple[str | int, ...]


class ScheduleError(ValueError):
    """What is wrong with the schedule, where, and what is due. ``line`` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"{FILE}, line {line}: {message}")
        self.line = line


@cache
def limits() -> dict[str, int]:
    """The limits, by name."""
    read: dict[str, int] = json.loads((Path(__file__).parent / "limits.json").read_text())
    return read


def check_schedule(text: str, files: Mapping[str, int]) -> dict[str, Any]:
    """The parsed schedule. ``files``: characters of each file of the bundle, by path. Raises ScheduleError with the line."""
    if len(text) > limits()["schedule_chars"]:
        raise ScheduleError(f"{len(text)} characters, {limits()['schedule_chars']} are allowed", 1)
    try:
        document = lined.read(text)
    except LinedError as error:
        raise ScheduleError(str(error), error.line) from None
    Check(document, files).whole_schedule()
    made: dict[str, Any] = document.value
    return made


class Check:
    """One schedule being checked."""

    def __init__(self, document: Lined, files: Mapping[str, int]) -> None:
        self.document, self.files, self.limits = document, files, limits()
        self.schedule: Any = document.value

    def fail(self, at: At, message: str) -> None:
        """Refuse, with the line of the value at ``at``."""
        raise ScheduleError(message, self.document.line(at))

    def table(self, value: Any, at: At, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        """An object, with none but the known keys."""
        if not isinstance(value, dict):
            self.fail(at, f"{where(at)} is {shown(value)}, an object is due")
        for key in value:
            if known and key not in known:
                self.fail((*at, key), f"{where((*at, key))} is unknown; known are {', '.join(known)}")
        made: dict[str, Any] = value
        return made

    def whole(self, value: Any, at: At, least: int, most: int) -> int:
        """An integer within bounds."""
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.fail(at, f"{where(at)} is {shown(value)}, a whole number of {least} to {most} is due")
        return int(value)

    def named(self, value: Any, at: At, kind: str) -> str:
        """The name of a buffer or pipeline that exists."""
        if not isinstance(value, str) or value not in self.schedule[kind]:
            self.fail(at, f"{where(at)} is {shown(value)}, which none of the {kind} is called")
        return str(value)

    def whole_schedule(self) -> None:
        """Every rule."""
        self.table(self.schedule, (), KEYS)
        for key in REQUIRED:
            if key not in self.schedule:
                self.fail((), f"{key} is missing")
        if self.schedule["version"] != 1:
            self.fail(("version",), f"version is {shown(self.schedule['version'])}, 1 is due")
        for kind in ("buffers", "pipelines"):
            each = self.table(self.schedule[kind], (kind,))
            if not 1 <= len(each) <= self.limits[kind]:
                self.fail((kind,), f"{len(each)} {kind}, 1 to {self.limits[kind]} are allowed")
        for name, buffer in self.schedule["buffers"].items():
            self.buffer(name, buffer)
        for name, pipeline in self.schedule["pipelines"].items():
            self.pipeline(name, pipeline)
        self.phases()
        self.results()

    def phases(self) -> None:
        """Train, load and predict: each within the limit, the first and last not empty."""
        for phase in ("train", "load", "predict"):
            total = self.steps(self.schedule.get(phase, []), (phase,), 0)
            if total > self.limits["dispatches"]:
                self.fail((phase,), f"{phase} makes {total} dispatches, {self.limits['dispatches']} are allowed")
            if not total and phase != "load":
                self.fail((phase,), f"{phase} dispatches nothing")

    def results(self) -> None:
        """Artifact, logits and what's reset name buffers of a stated size; all buffers together are within the limit."""
        buffers = self.schedule["buffers"]
        for key in ("artifact", "reset"):
            names = self.schedule.get(key, [])
            if not isinstance(names, list) or (key == "artifact" and not names):
                self.fail((key,), f"{key} must be a list of names of buffers")
            for index, name in enumerate(names):
                self.sized(name, (key, index))
        self.sized(self.schedule["logits"], ("logits",))
        if len(set(self.schedule["artifact"])) < len(self.schedule["artifact"]):
            self.fail(("artifact",), "artifact names a buffer twice")
        artifact = sum(buffers[name]["bytes"] for name in self.schedule["artifact"])
        if artifact > self.limits["artifact_bytes"]:
            self.fail(("artifact",), f"the artifact has {artifact} bytes, {self.limits['artifact_bytes']} are allowed")
        total = sum(each.get("bytes", 0) for each in buffers.values())
        if total > self.limits["buffers_bytes"]:
            self.fail(("buffers",), f"the buffers have {total} bytes, {self.limits['buffers_bytes']} are allowed")

    def sized(self, value: Any, at: At) -> None:
        """A buffer whose bytes are stated."""
        if "bytes" not in self.schedule["buffers"][self.named(value, at, "buffers")]:
            self.fail(at, f"{where(at)} is {value}, whose bytes follow from the data; one with stated bytes is due")

    def buffer(self, name: str, value: Any) -> None:
        """A buffer's size, usage and first content."""
        at: At = ("buffers", name)
        if not NAME.fullmatch(name):
            self.fail(at, f"{shown(name)} is no name for a buffer: a letter, then up to 39 letters, digits or _")
        each = self.table(value, at, ("bytes", "usage", "initial"))
        initial = each.get("initial", "zero")
        if initial not in INITIALS:
            self.fail((*at, "initial"), f"{where(at)}.initial is {shown(initial)}; known are {', '.join(INITIALS)}")
        if each.get("usage", "storage") not in ("storage", "uniform"):
            self.fail((*at, "usage"), f"{where(at)}.usage is {shown(each['usage'])}; known are storage, uniform")
        if initial not in ("zero", "heldout.inputs"):
            if "bytes" in each:
                self.fail((*at, "bytes"), f"{where(at)}.bytes follows from {initial}: leave it out")
            return
        if "bytes" not in each:
            self.fail(at, f"{where(at)}.bytes is missing")
        if self.whole(each["bytes"], (*at, "bytes"), 4, self.limits["buffers_bytes"]) % 4:
            self.fail((*at, "bytes"), f"{where(at)}.bytes is {each['bytes']}, a multiple of 4 is due")

    def pipeline(self, name: str, value: Any) -> None:
        """A pipeline's shader and function."""
        at: At = ("pipelines", name)
        each = self.table(value, at, ("file", "entry"))
        file, entry = each.get("file"), each.get("entry")
        if not isinstance(file, str) or not SHADER.fullmatch(file):
            self.fail((*at, "file"), f"{where(at)}.file is {shown(file)}, a .wgsl file of the bundle's top folder is due")
        if not isinstance(entry, str) or not NAME.fullmatch(entry):
            self.fail((*at, "entry"), f"{where(at)}.entry is {shown(entry)}, the name of a compute function is due")
        if file not in self.files:
            self.fail((*at, "file"), f"{where(at)}.file: {file} isn't in the bundle")
        if self.files[str(file)] > self.limits["shader_chars"]:
            self.fail((*at, "file"), f"{file} has {self.files[str(file)]} characters, {self.limits['shader_chars']} are allowed")

    def steps(self, value: Any, at: At, depth: int) -> int:
        """How many dispatches and copies a list makes."""
        if not isinstance(value, list):
            self.fail(at, f"{where(at)} is {shown(value)}, a list is due")
        if depth > self.limits["loop_depth"]:
            self.fail(at, f"{where(at)}: loops are nested deeper than {self.limits['loop_depth']}")
        return sum(self.step(each, (*at, index), depth) for index, each in enumerate(value))

    def step(self, value: Any, at: At, depth: int) -> int:
        """A loop, a copy or a dispatch."""
        each = self.table(value, at)
        if "loop" in each:
            self.table(each, at, ("loop", "do"))
            turns = self.whole(each["loop"], (*at, "loop"), 1, self.limits["dispatches"])
            return turns * self.steps(each.get("do"), (*at, "do"), depth + 1)
        if "copy" in each:
            self.copy(self.table(each, at, ("copy", "to")), at)
        else:
            self.dispatch(self.table(each, at, ("dispatch", "workgroups", "bind")), at)
        return 1

    def copy(self, each: dict[str, Any], at: At) -> None:
        """Between two buffers of equal, stated size."""
        names = [self.named(each.get(key), (*at, key), "buffers") for key in ("copy", "to")]
        sizes = {self.schedule["buffers"][name].get("bytes") for name in names}
        if len(set(names)) < 2 or len(sizes) > 1 or None in sizes:
            self.fail(at, f"{where(at)}: a copy needs two buffers of equal, stated bytes")

    def dispatch(self, each: dict[str, Any], at: At) -> None:
        """A pipeline, its workgroups and which buffers stand for its variables."""
        self.named(each.get("dispatch"), (*at, "dispatch"), "pipelines")
        size = each.get("workgroups")
        if not isinstance(size, list) or not 1 <= len(size) <= 3:
            self.fail((*at, "workgroups"), f"{where(at)}.workgroups is {shown(size)}, a list of one to three numbers is due")
        counts = [self.whole(n, (*at, "workgroups", index), 1, self.limits["workgroups"]) for index, n in enumerate(size or [])]
        if prod(counts) > self.limits["workgroups_total"]:
            self.fail((*at, "workgroups"), f"{prod(counts)} workgroups, {self.limits['workgroups_total']} are allowed in a dispatch")
        absent = "heldout" if at[0] == "train" else "training"
        for variable, name in self.table(each.get("bind", {}), (*at, "bind")).items():
            initial = self.schedule["buffers"][self.named(name, (*at, "bind", variable), "buffers")].get("initial", "zero")
            if initial.startswith(absent):
                self.fail((*at, "bind", variable), f"{name} holds {initial}, which isn't there in {at[0]}")


def where(at: At) -> str:
    """A path as people write it."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each[:40]}" for each in at).lstrip(".") or "the schedule"


def shown(value: Any) -> str:
    """A value as JSON, cut short."""
    return json.dumps(value)[:60]
