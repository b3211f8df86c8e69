"""Asks the kernel, from inside a box, whether what must be refused is refused; a worker claims nothing when it isn't.

Engines differ in their defaults, kernels in their features; so the settings are tried, not trusted.
"""

import json
from pathlib import Path
from typing import Any

import docker

from minjoule.box import BoxFault, BoxLimits, BoxSpec, Phase
from sandbox.docker_box import DockerBoxes
from sandbox.kinds import KINDS
from sandbox.limits import Machine

# Runs in the box. Each attempt must be refused; what it prints is {"name": errno or 0 where it was let through}.
# Numbers are the syscalls' on x86_64 and aarch64 (source: the kernel's syscall_64.tbl and asm-generic/unistd.h).
SCRIPT = """
import ctypes, errno, json, mmap, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
amd = platform.machine() == "x86_64"
NEWUSER = 0x10000000
calls = {
    "unshare": (272, 97, NEWUSER), "mount": (165, 40, 0, 0, 0, 0, 0), "ptrace": (101, 117, 0, 0, 0, 0),
    "bpf": (321, 280, 0, 0, 0),
    "perf_event_open": (298, 241, 0, 0, -1, -1, 0), "userfaultfd": (323, 282, 0), "keyctl": (250, 219, 0, 0, 0, 0, 0),
    "setns": (308, 268, -1, 0), "init_module": (175, 105, 0, 0, 0), "finit_module": (313, 273, -1, 0, 0),
    "quotactl": (179, 60, 0, 0, 0, 0),
    "io_uring_setup": (425, 425, 1, 0), "reboot": (169, 142, 0, 0, 0, 0),
    "process_vm_readv": (310, 270, 1, 0, 0, 0, 0, 0),
    "open_by_handle_at": (304, 265, -1, 0, 0), "kexec_load": (246, 104, 0, 0, 0, 0), "chroot": (161, 51, 0),
    "syslog": (103, 116, 3, 0, 0),
    "clone_newuser": (56, 220, NEWUSER | 17, 0, 0, 0, 0), "memfd_secret": (447, 447, 0),
}
said = {}
def verdict(well):
    return "refused" if well else "allowed"
said["capabilities"] = verdict(not any(int(line.split()[1], 16) for line in open("/proc/self/status") if line.startswith("Cap")))
# First of all: where ptrace is let through, the death of a child would stop us.
if amd:  # getpid by int 0x80: a filter that names one architecture kills whoever tries
    child = os.fork()
    if child == 0:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex("b814000000cd80c3"))
        called = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
        os._exit(7 if called == os.getpid() else 0)
    said["call_of_32_bits"] = verdict(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 7)
for name, (on_amd, on_arm, *arguments) in calls.items():
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(on_amd if amd else on_arm), *map(ctypes.c_long, arguments))
    if name == "clone_newuser" and result == 0:
        os._exit(0)
    said[name] = errno.errorcode.get(ctypes.get_errno(), "?") if result == -1 else "allowed"
for family in (16, 17, 38, 40):
    try:
        kind = {38: socket.SOCK_SEQPACKET, 40: socket.SOCK_STREAM}.get(family, socket.SOCK_RAW)
        socket.socket(family, kind).close()
        said[f"socket_family_{family}"] = "allowed"
    except OSError as error:
        said[f"socket_family_{family}"] = errno.errorcode.get(error.errno, "?")
places = "/root_is_writable /proc/sys/kernel/hostname /sys/kernel/uevent_seqnum /sys/fs/cgroup/cgroup.procs /box/bundle/x"
for path in places.split():
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
        said["write " + path] = "allowed"
    except OSError as error:
        said["write " + path] = errno.errorcode.get(error.errno, "?")
said["uid"] = verdict(os.getuid() == 65534 == os.getgid() and os.getgroups() in ([], [65534]))
said["network"] = verdict(os.listdir("/sys/class/net") == ["lo"])
print(json.dumps(said))
"""
OWN_SANDBOX = {"unshare", "clone_newuser", "chroot"}
"""What a browser needs for the sandbox that it puts around its own processes."""
REFUSALS = {"EPERM", "EROFS", "EACCES", "refused"}
LIMITS = BoxLimits(wall_s=20, cpu_s=20, memory_bytes=1 << 28, tmp_bytes=1 << 20, pids=16, log_bytes=1 << 16)
BROWSER_LIMITS = BoxLimits(wall_s=30, cpu_s=30, memory_bytes=1 << 30, tmp_bytes=1 << 28, pids=400, log_bytes=1 << 16)


def probe(
    client: docker.DockerClient, base_folder: Path, image: str = "python", host_label: str = "local", machine: Machine | None = None
) -> list[str]:
    """Try every refusal in a box like the entrants'; what was let through or failed otherwise, empty when all is well.

    Raises BoxFault when the probe itself couldn't run.
    """
    return let_through(tried(client, base_folder, image, host_label, machine), image)


def tried(
    client: docker.DockerClient, base_folder: Path, image: str, host_label: str = "local", machine: Machine | None = None
) -> dict[str, str]:
    """What a box of that image was answered, by what it tried: "allowed", "refused" or an errno's name. Raises BoxFault."""
    spec = BoxSpec("probe", Phase.TRAIN, Path(), "none.py", (), image, LIMITS, {"host": host_label})
    box = DockerBoxes(client, base_folder, machine or Machine())(spec)
    try:
        box.launch(["python3", "-I", "-c", SCRIPT])
        end = box.wait_empty(LIMITS.wall_s)
    finally:
        box.cleanup()
    try:
        said: dict[str, str] = json.loads(end.log)
    except ValueError as error:
        raise BoxFault(f"the probe of the sandbox said nothing (exit code {end.exit_code}): {end.log[-500:]!r}") from error
    return said


def let_through(said: dict[str, str], image: str) -> list[str]:
    """What an image's box must be refused, and wasn't."""
    let_be = OWN_SANDBOX if KINDS[image].needs_namespaces else set()
    return [f"{name}: {answer}" for name, answer in said.items() if answer not in REFUSALS and name not in let_be]


def lacks_namespaces(said: dict[str, str], image: str) -> bool:
    """Whether the browser's own sandbox can't be had here: the kernel refuses the box a user namespace."""
    return KINDS[image].needs_namespaces and said["unshare"] != "allowed"


def adapter_of(
    client: docker.DockerClient, base_folder: Path, image: str = "webgpu", host_label: str = "local", machine: Machine | None = None
) -> dict[str, Any]:
    """Start a box up to where a bundle is wanted; what its page found. Raises BoxFault."""
    spec = BoxSpec("adapter", Phase.TRAIN, Path(), "", (), image, BROWSER_LIMITS, {"host": host_label})
    box = DockerBoxes(client, base_folder, machine or Machine())(spec)
    try:
        box.start()
        return box.adapter
    finally:
        box.cleanup()
