"""This machine: its facts, and the lock that lets one attempt run at a time."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def facts() -> dict[str, str | int]:
    """What stands on the record about this machine."""
    known: dict[str, str | int] = {
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 0,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return known | firmware()


def firmware(sys: Path = Path("/sys"), cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str | int]:
    """Of the board, the BIOS, the processor's microcode and its clocks' governor, what the kernel tells; nothing where it doesn't."""
    files = {
        "board": sys / "class/dmi/id/product_name",
        "bios": sys / "class/dmi/id/bios_version",
        "governor": sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor",
        "power_limit_uw": sys / "class/powercap/intel-rapl:0/constraint_0_power_limit_uw",
    }
    found = {name: read_word(path) for name, path in files.items()} | {"microcode": cpuinfo_field("microcode", cpuinfo)}
    return {name: word for name, word in found.items() if word}


def read_word(path: Path) -> str:
    """A file's line; empty where it can't be read."""
    try:
        return path.read_text(errors="replace").strip()[:200]
    except OSError:
        return ""


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as the kernel tells it."""
    return cpuinfo_field("model name", cpuinfo) or platform.processor() or "unknown"


def cpuinfo_field(name: str, cpuinfo: Path) -> str:
    """What the first processor has under a name; empty where it has nothing."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip()[:200] for line in lines if line.partition(":")[0].strip() == name), "")


@contextmanager
def host_lock(path: Path) -> Iterator[None]:
    """Hold this machine: a second worker waits here until the first is done or dead."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
