"""What the engine is told about one box: every setting that contains the entrant's code. Pure: no engine is asked here."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.types import DeviceRequest, LogConfig, Mount, Ulimit

from minjoule.box import BoxFault, BoxLimits, BoxSpec, Phase
from sandbox.kinds import KINDS

LABEL = "minjoule"
NOBODY = "65534:65534"
TMP_INODES = 16384
RUNTIME_PIDS = {"runsc": 2048}  # gVisor's own threads count for the group
WHOLE_BOARD = re.compile(r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def labels(spec: BoxSpec) -> dict[str, str]:
    """Our labels: ``minjoule.managed`` and the caller's (run, attempt, deadline, host), under our name."""
    given = {key if key.startswith(f"{LABEL}.") else f"{LABEL}.{key}": value for key, value in spec.labels.items()}
    return {f"{LABEL}.managed": "1"} | given


def environment(threads: int) -> dict[str, str]:
    """The box's environment; nothing of the host's. Python runs isolated, so no PYTHON* variable would count."""
    return {"HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"} | dict.fromkeys(THREAD_VARIABLES, str(threads))  # noqa: S108


def harness_command(spec: BoxSpec) -> list[str]:
    """The harness's command line. The entrant has no say in it: entrypoint and phase are told later, with the bundle."""
    command = ["python3", "-I", KINDS[spec.image].harness, "--socket", "/box/gate/socket", "--bundle", "/box/bundle"]
    return [*command, "--prelude", ",".join(spec.prelude), "--threads", str(spec.limits.threads)]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a host's operator chooses, and so part of its class.

    Attributes:
        cpuset: the CPUs that boxes run on, as the kernel writes them; None for all.
        runtime: another OCI runtime (``runsc``); None for the engine's own.
        gpu: UUID of the one board that boxes get whole, by the container device interface; None for none.
    """

    cpuset: str | None = None
    runtime: str | None = None
    gpu: str | None = None


def host_config(spec: BoxSpec, mounted: Path, cgroup_parent: str, machine: Machine) -> dict[str, Any]:
    """Arguments of the engine's host config. ``mounted`` appears in the box as /box, read-only. Raises BoxFault."""
    limits, kind = spec.limits, KINDS[spec.image]
    # Pages of /tmp count as memory, so the entrant gets both in full.
    memory_bytes = limits.memory_bytes + limits.tmp_bytes
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={kind.profile()}"],
        "read_only": True,
        "network_mode": "none",
        "ipc_mode": "private",
        "init": True,
        "mem_limit": memory_bytes,
        "memswap_limit": memory_bytes,
        "pids_limit": max(limits.pids + 1, RUNTIME_PIDS.get(machine.runtime or "", 0)),  # the engine's init is one
        "shm_size": kind.shm_bytes,
        "cpuset_cpus": machine.cpuset,
        "cgroup_parent": cgroup_parent,
        "ulimits": ulimits(spec),
        "tmpfs": {"/tmp": f"rw,nosuid,nodev,noexec,size={limits.tmp_bytes},nr_inodes={TMP_INODES},mode=1777"},  # noqa: S108
        "mounts": [Mount("/box", str(mounted), type="bind", read_only=True)],
        # The engine's own log file has no cap by default; we keep the attached stream, counted.
        "log_config": LogConfig(type="none"),
        "restart_policy": {"Name": "no"},
    } | of_machine(machine)


def of_machine(machine: Machine) -> dict[str, Any]:
    """What a plain host doesn't set. Raises BoxFault for a part of a board: it has no energy of its own, and its neighbour is unknown."""
    more: dict[str, Any] = {}
    if machine.runtime:
        more["runtime"] = machine.runtime
    if machine.gpu:
        if not WHOLE_BOARD.fullmatch(machine.gpu):
            raise BoxFault(f"{machine.gpu!r} is no whole GPU: its UUID as `nvidia-smi -L` says it (GPU-...) is due; no MIG slice, no index")
        more["device_requests"] = [DeviceRequest(driver="cdi", device_ids=[f"nvidia.com/gpu={machine.gpu}"])]
    return more


def settings_digest() -> str:
    """sha256 over every setting that contains a box, for an example of each kind: limits and paths differ by track and run."""
    examples = [BoxSpec("", Phase.TRAIN, Path(), "", (), image, BoxLimits(1, 1, 1, 1, 1, 1), {}) for image in KINDS]
    settings = [host_config(example, Path("/box"), "", Machine()) for example in examples]
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=dict).encode()).hexdigest()


def ulimits(spec: BoxSpec) -> list[Ulimit]:
    """Per-process limits; fsize stops sparse files, which tmpfs doesn't count."""
    hard = {"core": 0, "fsize": spec.limits.tmp_bytes, "nofile": KINDS[spec.image].open_files, "msgqueue": 0}
    return [Ulimit(name=name, soft=value, hard=value) for name, value in hard.items()]
