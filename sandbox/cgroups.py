"""The parent control group of one box: made and held by us, so that its counters outlive the container.

Kernel sources: Documentation/admin-guide/cgroup-v1/{cpuacct,memory,pids}.rst and cgroup-v2.rst. It knows nothing of Docker
but the name that the engine takes as ``cgroup_parent``. The root folder is a parameter, so a fake tree can stand in.
"""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from minjoule.box import BoxFault

ROOT = Path("/sys/fs/cgroup")
FAMILY = "minjoule"
REMOVE_S = 3.0


class BoxGroup(Protocol):
    """The parent group of one box.

    Attributes:
        engine_name: what the engine takes as ``cgroup_parent``.
        unified: its folder in the unified hierarchy, by which the kernel counts events; may be missing on version 1.
    """

    engine_name: str
    unified: Path

    def create(self) -> None:
        """Make it. Raises BoxFault."""
        ...

    def cpu_ns(self) -> int:
        """CPU time of every process that ever was in the group or below it, nanoseconds. Raises BoxFault."""
        ...

    def empty(self) -> bool:
        """No process is in the group or below it. Raises BoxFault."""
        ...

    def oom_kills(self) -> int:
        """Processes that the kernel killed for memory in the group or below it, as far as its counters tell."""
        ...

    def remove(self) -> None:
        """Remove the group in every hierarchy, and end whatever is still in it. Idempotent. Raises BoxFault when something won't end.

        The engine goes first: what is here after it, it has lost. One that is killed while it starts a container leaves the
        half-made init, which waits for ever for its word.
        """
        ...


def v1_oom_kills(oom_control: str) -> int:
    """The count in a ``memory.oom_control`` file."""
    return keyed(oom_control).get("oom_kill", 0)


def v2_cpu_ns(cpu_stat: str) -> int:
    """CPU time in a ``cpu.stat`` file, nanoseconds (source: usage_usec, microseconds)."""
    return keyed(cpu_stat)["usage_usec"] * 1000


def v2_empty(cgroup_events: str) -> bool:
    """Whether a ``cgroup.events`` file tells of an empty subtree."""
    return keyed(cgroup_events)["populated"] == 0


def keyed(text: str) -> dict[str, int]:
    """A flat keyed file: a name and a number a line."""
    return {name: int(value) for name, value in (line.split() for line in text.splitlines())}


class V1Group:
    """Control groups version 1: a folder in each controller's hierarchy; the engine's cgroupfs driver."""

    HELD = ("cpuacct", "memory", "pids")

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.engine_name = f"/{name}"
        self.unified = root / "unified" / name
        self._name = name
        self._root = root

    def create(self) -> None:
        """See BoxGroup."""
        for controller in self.HELD:
            make(self._root / controller / self._name)

    def cpu_ns(self) -> int:
        """See BoxGroup. cpuacct.usage is hierarchical and in nanoseconds."""
        return int(read(self._root / "cpuacct" / self._name / "cpuacct.usage"))

    def empty(self) -> bool:
        """See BoxGroup. pids.current counts tasks hierarchically, so no fork can slip between two reads of a list."""
        return int(read(self._root / "pids" / self._name / "pids.current")) == 0

    def oom_kills(self) -> int:
        """See BoxGroup. Version 1 counts a kill in the victim's own group only, and not in ours above it."""
        kills = 0
        # The engine removes the container's group while we look, and a walk, unlike a glob, passes over what is gone.
        for folder, _, _ in os.walk(self._root / "memory" / self._name):
            with contextlib.suppress(OSError):
                kills += v1_oom_kills(Path(folder, "memory.oom_control").read_text())
        return kills

    def remove(self) -> None:
        """See BoxGroup. The engine makes the parent in controllers that we don't hold, and leaves it there."""
        for folder in [controller / self._name for controller in self._root.iterdir()]:
            drop(folder)


class V2Group:
    """Control groups version 2 with the engine's cgroupfs driver: one folder."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.engine_name = f"/{name}"
        self._folder = self.unified = root / name

    def create(self) -> None:
        """See BoxGroup. The engine turns the controllers on along the path when it starts the container."""
        make(self._folder)

    def cpu_ns(self) -> int:
        """See BoxGroup."""
        return v2_cpu_ns(read(self._folder / "cpu.stat"))

    def empty(self) -> bool:
        """See BoxGroup."""
        return v2_empty(read(self._folder / "cgroup.events"))

    def oom_kills(self) -> int:
        """See BoxGroup. ``memory.events`` is hierarchical; it's missing while the memory controller is off here."""
        with contextlib.suppress(OSError):
            return keyed((self._folder / "memory.events").read_text()).get("oom_kill", 0)
        return 0

    def remove(self) -> None:
        """See BoxGroup."""
        drop(self._folder)


class SliceGroup(V2Group):
    """Control groups version 2 with the engine's systemd driver: a slice, which systemd holds until we stop it."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        # A dash nests slices in systemd: a-b.slice lies in a.slice. Ours has none but the one after the family.
        parts = [re.sub(r"[^A-Za-z0-9_]", "_", part) for part in name.split("/")]
        chain = ["-".join(parts[: depth + 1]) + ".slice" for depth in range(len(parts))]
        super().__init__("/".join(chain), root)
        self.engine_name = chain[-1]

    def create(self) -> None:
        """See BoxGroup."""
        self._systemctl("start")

    def remove(self) -> None:
        """See BoxGroup."""
        if self._folder.exists():
            end_all(self._folder)
            self._systemctl("stop")

    def _systemctl(self, verb: str) -> None:
        try:
            subprocess.run(["systemctl", verb, self.engine_name], check=True, capture_output=True, timeout=20)
        except (OSError, subprocess.SubprocessError) as error:
            raise BoxFault(f"systemctl {verb} {self.engine_name} failed: {error}; run the worker as root") from error


def group_class(version: str, driver: str) -> type[V1Group] | type[V2Group]:
    """The kind of group for an engine's ``CgroupVersion`` and ``CgroupDriver``."""
    if version == "2":
        return SliceGroup if driver == "systemd" else V2Group
    if driver != "cgroupfs":
        raise BoxFault(f"the engine's cgroup driver is {driver} on version 1: set native.cgroupdriver=cgroupfs in its daemon.json")
    return V1Group


def leftovers(host_label: str, root: Path = ROOT) -> set[str]:
    """Names of the groups under this host's label, in any hierarchy and either driver's way of naming."""
    family = f"{FAMILY}/{host_label}"
    slice_label = re.sub(r"[^A-Za-z0-9_]", "_", host_label)
    found = {f"{family}/{folder.name}" for base in [root, *root.iterdir()] for folder in (base / family).glob("*/")}
    slices = root / f"{FAMILY}.slice" / f"{FAMILY}-{slice_label}.slice"
    found |= {f"{family}/{folder.stem.rsplit('-', 1)[-1]}" for folder in slices.glob("*.slice")}
    return found


def make(folder: Path) -> None:
    """Make a group's folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BoxFault(f"can't make the control group {folder}: {error.strerror}; run the worker as root, or delegate it") from error


def read(file: Path) -> str:
    """A counter's text."""
    try:
        return file.read_text()
    except OSError as error:
        raise BoxFault(f"can't read {file}: {error.strerror}; the box's control group is gone") from error


def end_all(folder: Path) -> None:
    """SIGKILL to every process in a group and below it. One of another namespace of processes reads as 0, and is left alone."""
    for each, _, _ in os.walk(folder):  # the engine may be removing groups meanwhile: a walk, unlike a glob, passes over what is gone
        with contextlib.suppress(OSError):
            for pid in filter(None, map(int, Path(each, "cgroup.procs").read_text().split())):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def drop(folder: Path) -> None:
    """Remove a group's folder with the groups below it, and end what is in it. EBUSY may be said shortly after the last exit too."""
    if not folder.is_dir():
        return
    deadline = time.monotonic() + REMOVE_S
    while True:
        try:
            for each, _, _ in os.walk(folder, topdown=False):
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(each)
        except OSError as error:
            if time.monotonic() > deadline:
                raise BoxFault(f"can't remove the control group {folder}: {error.strerror}") from error
            end_all(folder)
            time.sleep(0.005)
        else:
            return
