"""What the engine is told about a box, the syscall profile, and the capped log stream."""

import json
import socket
import struct
from pathlib import Path

from minjoule.box import BoxLimits, BoxSpec, Phase
from sandbox import limits
from sandbox.images import digest, harness_files
from sandbox.log_stream import LogStream
from sandbox.seccomp import python_profile
from sandbox.seccomp.generate import profile

SPEC = BoxSpec(
    "a",
    Phase.SCORE,
    Path("/b"),
    "entry.py",
    ("numpy",),
    "python",
    BoxLimits(1, 2, 1000, 200, 30, 50, 4),
    {"run": "r", "host": "h"},
)


def allowed() -> set[str]:
    groups = json.loads(python_profile())["syscalls"]
    return {name for group in groups if group["action"] == "SCMP_ACT_ALLOW" and not group["args"] for name in group["names"]}


def test_the_profile_allows_no_door_into_the_kernel() -> None:
    doors = "unshare mount ptrace bpf perf_event_open userfaultfd keyctl setns init_module quotactl io_uring_setup reboot"
    assert allowed() & {*doors.split(), "socket", "clone"} == set()
    assert {"read", "write", "futex", "execve", "mmap"} <= allowed()


def test_the_profile_names_no_second_architecture() -> None:
    assert set(json.loads(python_profile())) == {"defaultAction", "syscalls"}


def test_generating_drops_what_needs_a_capability_or_an_argument() -> None:
    groups = [
        {"names": ["read", "ptrace"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {}},
        {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {"caps": ["CAP_SYS_ADMIN"]}, "excludes": {}},
    ]
    made = profile({"syscalls": groups})
    assert made["syscalls"][0]["names"] == ["read"]
    assert "bpf" not in json.dumps(made)


def test_tmp_comes_on_top_of_the_memory_cap_and_swap_on_top_of_nothing() -> None:
    config = limits.host_config(SPEC, Path("/m"), "/p", limits.Machine())
    assert config["mem_limit"] == config["memswap_limit"] == 1200
    assert "size=200," in next(iter(config["tmpfs"].values()))


def test_labels_carry_our_prefix_once() -> None:
    assert limits.labels(SPEC) == {
        "minjoule.managed": "1",
        "minjoule.run": "r",
        "minjoule.host": "h",
    }


def test_the_harness_is_told_socket_bundle_prelude_and_threads_and_nothing_of_the_entrant() -> None:
    said = " ".join(limits.harness_command(SPEC))
    assert said.startswith("python3 -I /opt/minjoule/lib/minjoule/harness/__main__.py --socket /box/gate/socket --bundle /box/bundle")
    assert said.endswith("--prelude numpy --threads 4")
    assert "entry.py" not in said
    assert set(limits.environment(4).values()) >= {"4"}


def framed(payload: bytes, stream: int = 1) -> bytes:
    return struct.pack(">BxxxI", stream, len(payload)) + payload


def test_the_log_keeps_its_cap_over_frames_and_streams_and_drains_the_rest() -> None:
    ours, engines = socket.socketpair()
    with ours, engines:
        stream = LogStream(ours.fileno(), cap=10)
        engines.sendall(framed(b"out\x00") + framed(b"err\xff", 2) + framed(b"0123456") + framed(b"more") * 100_000)
        engines.shutdown(socket.SHUT_RDWR)
        assert stream.wait(5)
        assert (stream.kept(), stream.truncated) == (b"out\x00err\xff01", True)
        stream.close()


def test_a_frame_cut_short_ends_the_log_without_a_flag() -> None:
    ours, engines = socket.socketpair()
    with ours, engines:
        stream = LogStream(ours.fileno(), cap=10)
        engines.sendall(framed(b"whole") + framed(b"torn")[:-2])
        engines.close()
        assert stream.wait(5)
        assert (stream.kept(), stream.truncated) == (b"wholeto", False)
        stream.close()


def test_the_image_gets_the_harness_and_no_problem_scorer_or_data() -> None:
    files = harness_files()
    assert {"__init__.py", "contract.py", "protocol.py", "harness/__main__.py", "harness/gate.py"} <= set(files)
    assert all("/" not in path or path.startswith("harness/") for path in files)
    assert not {"scorer.py", "box.py", "meter.py"} & set(files)


def test_the_digest_tells_content_and_path() -> None:
    one = digest({"a": b"1", "b": b"2"})
    assert one == digest({"b": b"2", "a": b"1"})
    assert len({one, digest({"a": b"2", "b": b"1"}), digest({"a": b"1", "c": b"2"})}) == 3
