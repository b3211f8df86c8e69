"""What an entrant's code finds in the Docker box, asked by an entry from inside."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

import sandbox.limits
from minjoule.box import BoxFault
from sandbox.kinds import KINDS
from sandbox.probe import probe

ASK = """
def refused(action):
    try:
        action()
    except OSError as error:
        return error.strerror
    return "let through"
def fill():
    with open("/tmp/full", "wb") as file:
        file.write(bytes(17 << 20))
def many():
    try:
        for i in range(100_000): open(f"/tmp/{i}", "w").close()
    finally:
        for name in os.listdir("/tmp"):
            if name.isdigit(): os.unlink("/tmp/" + name)
def sparse():
    with open("/tmp/sparse", "wb") as file: file.truncate(1 << 40)
def connect():
    import socket
    socket.create_connection(("169.254.169.254", 80), 3).close()
import glob, subprocess
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
return json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "caps": status["CapEff"].strip(), "bounding": status["CapBnd"].strip(),
    "no_new_privs": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
    "interfaces": os.listdir("/sys/class/net"), "docker_socket": os.path.exists("/var/run/docker.sock"),
    "gate": os.listdir("/box/gate"), "bundle": os.listdir("/box/bundle"), "environment": sorted(os.environ),
    "threads": os.environ["OMP_NUM_THREADS"], "problems": glob.glob("/opt/minjoule/**/problems", recursive=True),
    "write_root": refused(lambda: open("/x", "w")), "write_bundle": refused(lambda: open("/box/bundle/entry.py", "a")),
    "write_harness": refused(lambda: open("/opt/minjoule/lib/minjoule/protocol.py", "a")),
    "shadow": refused(lambda: open("/etc/shadow")), "init_environment": refused(lambda: open("/proc/1/environ").read()),
    "read_only": [line.split()[1] for line in open("/proc/mounts") if "ro" in line.split()[3].split(",")],
    "fill_tmp": refused(fill), "many_files": refused(many), "sparse": refused(sparse), "metadata": refused(connect),
    "suid": subprocess.run(["find", "/", "-xdev", "-perm", "/6000", "-type", "f"], capture_output=True, text=True).stdout,
}).encode()
"""


@pytest.fixture(scope="module")
def found(open_box: Any) -> dict[str, Any]:
    """One box answers for all the tests."""
    run = open_box(ASK)
    answer: dict[str, Any] = run.answer()
    run.end()
    return answer


def test_the_code_runs_as_nobody_without_capabilities_or_a_way_to_gain_them(found: dict[str, Any]) -> None:
    assert (found["uid"], found["gid"]) == (65534, 65534)
    assert int(found["caps"], 16) == int(found["bounding"], 16) == 0
    assert (found["no_new_privs"], found["seccomp"]) == ("1", "2")
    assert found["suid"] == ""


def test_only_the_loopback_interface_exists(found: dict[str, Any]) -> None:
    assert found["interfaces"] == ["lo"]
    assert found["metadata"] == "Network is unreachable"
    assert not found["docker_socket"]


@pytest.mark.parametrize("place", ["write_root", "write_bundle", "write_harness"])
def test_nothing_outside_tmp_can_be_written(found: dict[str, Any], place: str) -> None:
    assert found[place] in ("Read-only file system", "Permission denied")
    assert {"/", "/box"} <= set(found["read_only"])


def test_the_box_holds_the_bundle_and_no_socket_data_or_secret(found: dict[str, Any]) -> None:
    assert found["gate"] == []
    assert found["bundle"] == ["entry.py"]
    assert found["problems"] == []
    assert found["shadow"] == "Permission denied"
    known = {"HOME", "HOSTNAME", "LANG", "LC_CTYPE", "PATH", "TMPDIR", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256"}
    assert {name for name in found["environment"] if not name.endswith("_NUM_THREADS")} <= known
    assert found["threads"] == "1"


def test_tmp_is_bounded_in_bytes_in_files_and_in_the_size_of_a_file(found: dict[str, Any]) -> None:
    assert found["fill_tmp"] in ("No space left on device", "File too large")
    assert found["many_files"] == "No space left on device"
    assert found["sparse"] == "File too large"


def test_the_probe_finds_every_refusal_in_force(engine: docker.DockerClient, tmp_path: Path) -> None:
    assert probe(engine, tmp_path) == []


def test_the_probe_tells_what_a_lax_profile_lets_through(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "python", replace(KINDS["python"], profile=lambda: '{"defaultAction": "SCMP_ACT_ALLOW"}'))
    told = probe(engine, tmp_path)
    assert "unshare: allowed" in told
    assert any(line.startswith("socket_family_40") for line in told)


def test_what_one_run_leaves_in_tmp_the_next_does_not_see(open_box: Any) -> None:
    leave = 'open("/tmp/left", "w"); open("/dev/shm/left", "w")'
    see = f'seen = os.listdir("/tmp") + os.listdir("/dev/shm")\n{leave}\nreturn json.dumps(seen).encode()'
    for _ in range(2):
        run = open_box(see)
        assert all(name.startswith("pycache-") for name in run.answer())
        run.end()


def test_a_harness_that_dies_before_its_gate_is_our_fault_with_its_log(open_box: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    died = ["python3", "-c", "import sys; sys.exit('no such luck')"]
    monkeypatch.setattr(sandbox.limits, "harness_command", lambda _spec: died)
    began = time.monotonic()
    with pytest.raises(BoxFault, match="no such luck"):
        open_box("return b'x'")
    assert time.monotonic() - began < 10
