"""Makes our syscall profile from the facts in the container engine's published default profile (moby, Apache-2.0).

Run as ``python -m sandbox.seccomp.generate path/to/moby/profiles/seccomp/default.json > sandbox/seccomp/python.json``;
with ``browser`` as a second argument it makes ``browser.json``, which also lets a process make namespaces for its own children.
Kept are the names that the default allows to everyone, without DENIED; calls that the default ties to a capability,
another architecture or an argument are dropped, and the few of them that Python needs stand in RULES.
"""

import json
import sys
from pathlib import Path
from typing import Any

# The default lets these through; a training program has no use for them, and each is a door into the kernel.
DENIED = {  # fmt: skip
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ptrace",
    "fanotify_mark",
    "memfd_secret",
    "modify_ldt",
    "socket",
    "socketcall",
    "adjtimex",
    "clock_adjtime",
    "clock_adjtime64",
    "sync",
    "syncfs",
    "process_mrelease",
    "pidfd_send_signal",
    "mq_open",
    "mq_notify",
    "mq_getsetattr",
    "mq_timedreceive",
    "mq_timedreceive_time64",
    "mq_timedsend",
    "mq_timedsend_time64",
    "mq_unlink",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
}
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6; not AF_NETLINK (16), AF_PACKET (17), AF_ALG (38), AF_VSOCK (40)
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
BROWSER = ("unshare", "chroot", "clone")
"""Chromium locks each of its processes into namespaces and an empty root of its own. Capabilities in a new user namespace are
over that namespace alone; mounting, and joining others' namespaces, stay refused."""
ENOSYS = 38  # makes the C library fall back from clone3, whose flags a filter can't see, to clone


def rule(names: list[str], *, action: str = "SCMP_ACT_ALLOW", args: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """One group of the profile."""
    return {"names": names, "action": action, "args": args or [], "comment": "", "includes": {}, "excludes": {}} | more


def equals(value: int) -> list[dict[str, Any]]:
    """The first argument is ``value``."""
    return [{"index": 0, "value": value, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]


def profile(default: dict[str, Any], *, browser: bool = False) -> dict[str, Any]:
    """Our profile. No architecture is named, so the engine allows the machine's own and no other (no 32-bit calls)."""
    names: set[str] = set()
    for group in default["syscalls"]:
        if group["action"] == "SCMP_ACT_ALLOW" and not group["args"] and not group["includes"] and not group["excludes"]:
            names |= set(group["names"])
    no_namespace = [{"index": 0, "value": NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    rules = [rule(sorted(names - DENIED)), rule(["arch_prctl"], includes={"arches": ["amd64"]})]
    rules += [rule(["socket"], args=equals(family)) for family in FAMILIES]
    rules += [rule(["personality"], args=equals(value)) for value in PERSONALITIES]
    rules += [rule(list(BROWSER)) if browser else rule(["clone"], args=no_namespace)]
    rules += [rule(["clone3"], action="SCMP_ACT_ERRNO", errnoRet=ENOSYS)]
    return {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}


if __name__ == "__main__":
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump(profile(facts, browser="browser" in sys.argv[2:]), sys.stdout, indent=1)
    sys.stdout.write("\n")
