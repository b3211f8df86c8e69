"""Up to the gate and through it: prelude, the bundle, byte-compilation, the waiting, then the phase."""

import argparse
import compileall
import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from minjoule.harness import phases
from minjoule.protocol import Channel, Kind, ProtocolError

COMPILE_S = 5
DATA_CAP = 1 << 31


def stand(arguments: argparse.Namespace, started: float) -> int:
    """Prepare, report READY, wait for OPEN, run the phase. Returns the exit code: 0 done, 1 the entrant failed.

    After the prelude it waits for a bundle: a box may be prepared before anybody submits.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(arguments.socket)
    channel = Channel(connection)
    for module in filter(None, arguments.prelude.split(",")):
        importlib.import_module(module)
    prelude_s = round(time.monotonic() - started, 6)
    try:
        channel.send_json(Kind.WAITING, {"prelude_s": prelude_s})
        taken = json.loads(channel.expect(Kind.TAKE, phases.HEADER_CAP))
        byte_compile(arguments.bundle)
        ready = {"prelude_s": prelude_s, "children_cpu_ns": children_cpu_ns(), "pid": os.getpid()}
        channel.send_json(Kind.READY, ready)
        given = phases.receive_given(channel, DATA_CAP)
        opening = phases.receive_opening(channel)
        return run(arguments.bundle, taken, channel, given, opening)
    except ProtocolError as error:
        print(f"minjoule: the run was called off at the gate: {error}", file=sys.stderr)
        return 2


def run(bundle: Path, taken: dict[str, Any], channel: Channel, given: Any, opening: dict[str, Any]) -> int:
    """The gate is open: only here does the bundle become importable."""
    sys.path.insert(0, str(bundle))
    if taken["phase"] == "train":
        return phases.train(channel, bundle / taken["entrypoint"], given, int(opening["seed"]))
    return phases.score(channel, bundle / taken["entrypoint"], given)


def byte_compile(bundle: Path) -> None:
    """Byte-compile the bundle into a folder of ours, in a child that can be killed: no source text can hang the gate.

    What can't be compiled is left alone; its error shows at import, behind the gate.
    """
    sys.pycache_prefix = tempfile.mkdtemp(prefix="pycache-")
    child = os.fork()
    if child == 0:
        signal.alarm(COMPILE_S)
        with contextlib.suppress(BaseException):
            compileall.compile_dir(str(bundle), quiet=2)
        os._exit(0)
    os.waitpid(child, 0)


def children_cpu_ns() -> int:
    """CPU time of the reaped children, nanoseconds (source: getrusage, microseconds)."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)
