"""The box on the participant's own machine: no containment, the same harness, gate, protocol and bill.

UNSANDBOXED: the entrant's code runs with the caller's rights. A keeper process adopts orphans and accounts for CPU time
(processes that ignore SIGCHLD escape the account, which is one reason why this box ranks nobody beside others). Linux only.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from minjoule import local_harness, local_keeper
from minjoule.box import BoxEnd, BoxFault, BoxLimits, BoxSpec, Phase
from minjoule.entrypoints import WEBGPU
from minjoule.local_keeper import descendants
from minjoule.protocol import Channel, DeadlineError, Kind, ProtocolError

GATE_S = 30.0
KILL_S = 20.0
LAST_WORDS_S = 0.5
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class LocalBoxes:
    """Makes local boxes; a context that ends those which were started ahead and never taken."""

    def __init__(self) -> None:
        self._ahead: list[LocalBox] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for box in self._ahead:
            box.cleanup()

    def start_ahead(self, prelude: tuple[str, ...], limits: BoxLimits, image: str = "") -> None:
        """Start the train box of a trial to come, and don't wait: it imports the prelude while the caller gets ready. Raises BoxFault."""
        box = LocalBox(BoxSpec("ahead", Phase.TRAIN, Path(), "", prelude, image, limits, {}))
        self._ahead.append(box)
        box.start()

    def __call__(self, spec: BoxSpec) -> "LocalBox":
        """See BoxFactory."""
        return self._ahead.pop().take(spec) if self._ahead else LocalBox(spec)


class LocalBox:
    """One run of the harness as a child process. See ``minjoule.box.Box`` for the contract."""

    unsandboxed = True
    left_work = False

    def __init__(self, spec: BoxSpec, python: str = sys.executable) -> None:
        self._spec = spec
        self._python = python
        self._folder: Path | None = None
        self._listener: socket.socket | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._log = bytearray()
        self._log_truncated = False
        self._drains: list[threading.Thread] = []
        self._report = b""
        self._end: BoxEnd | None = None
        self._compiled_ns = 0
        self._harness = 0
        self._seen_ns = 0

    def start(self) -> None:
        """Start keeper and harness. Idempotent. Raises BoxFault."""
        if self._folder is not None:
            return
        if not sys.platform.startswith("linux"):
            raise BoxFault(f"the local box needs Linux, this is {sys.platform}: run it in a Linux machine or container")
        self._folder = Path(tempfile.mkdtemp(prefix="minjoule-box-"))
        (self._folder / "tmp").mkdir()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._folder / "gate"))
        self._listener.listen(1)
        self._start(self._folder)

    def take(self, spec: BoxSpec) -> Self:
        """What a started box is for; ``spec`` has the same prelude and memory."""
        self._spec = spec
        return self

    def prepare(self) -> Channel:
        """See Box."""
        self.start()
        assert self._folder is not None  # noqa: S101 - narrows the type
        assert self._listener is not None  # noqa: S101 - narrows the type
        deadline = time.monotonic() + GATE_S
        try:
            with self._listener:
                self._channel = Channel(self._accept(self._listener))
            self._channel.expect(Kind.WAITING, 1 << 16, deadline)
            shutil.copytree(self._spec.bundle, self._folder / "bundle")
            self._channel.send_json(Kind.TAKE, {"entrypoint": self._spec.entrypoint, "phase": self._spec.phase}, deadline)
            ready = json.loads(self._channel.expect(Kind.READY, 1 << 16, deadline))
        except (TimeoutError, DeadlineError, ProtocolError, ValueError) as error:
            self._drains[0].join(LAST_WORDS_S)
            said = self.log_so_far()[-2000:].decode(errors="replace")
            raise BoxFault(f"the harness didn't reach its gate ({error}); its log: {said}") from error
        self._compiled_ns, self._harness = int(ready["children_cpu_ns"]), int(ready["pid"])
        return self._channel

    def _accept(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(0.05)
        deadline = time.monotonic() + GATE_S
        while time.monotonic() < deadline:
            try:
                return listener.accept()[0]
            except TimeoutError:
                if self._keeper is not None and self._keeper.poll() is not None:
                    raise ProtocolError("the harness has ended") from None
        raise TimeoutError(f"nothing connected within {GATE_S:.0f} s")

    def _start(self, folder: Path) -> None:
        spec = self._spec
        reading, writing = os.pipe()
        data_bytes = local_harness.data_bytes(spec.image, spec.limits)
        command = [self._python, "-I", "-S", local_keeper.__file__, str(writing), str(data_bytes)]
        command += [self._python, "-I", *local_harness.command_of(spec.image)]
        command += ["--socket", str(folder / "gate"), "--bundle", str(folder / "bundle")]
        command += ["--prelude", ",".join(spec.prelude), "--threads", str(spec.limits.threads)]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "tmp")}
        self._keeper = subprocess.Popen(
            command,
            cwd=folder / "tmp",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        for work in (self._drain_log, lambda: self._drain_report(reading)):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._drains.append(thread)

    def _drain_log(self) -> None:
        assert self._keeper is not None  # noqa: S101 - narrows the type
        assert self._keeper.stdout is not None  # noqa: S101 - narrows the type
        while piece := self._keeper.stdout.read1(1 << 16):  # type: ignore[attr-defined]
            room = self._spec.limits.log_bytes - len(self._log)
            self._log += piece[: max(0, room)]
            self._log_truncated |= len(piece) > room

    def _drain_report(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as pipe:
            self._report = pipe.read(4096)

    def cpu_ns(self) -> int:
        """CPU time of the box: the keeper's account once it's empty, else the clocks of the living."""
        if self._end is not None:
            return self._end.cpu_ns
        if self._keeper is None:
            raise BoxFault("the box isn't started")
        living = descendants(self._keeper.pid)
        reaped_ns = sum(reaped_cpu_ns(pid) for pid in (self._keeper.pid, *living))
        now_ns = max(self._compiled_ns, reaped_ns) + sum(process_cpu_ns(pid) for pid in living)
        # Who dies between two looks is in nobody's clock for a moment: the account never goes back.
        self._seen_ns = max(self._seen_ns, now_ns)
        return self._seen_ns

    def log_so_far(self) -> bytes:
        """See Box."""
        return bytes(self._log)

    def wait_empty(self, grace_s: float, on_empty: Callable[[], None] | None = None) -> BoxEnd:
        """See Box."""
        if self._end is not None:
            return self._end
        if self._keeper is None:
            raise BoxFault("the box isn't started")
        killed = False
        if not self._harness_left(grace_s):
            killed = True
        if self._spec.image == WEBGPU:
            self.cpu_ns()  # a browser's processes are others' children: some die unaccounted, so a last look at them alive
        self._keeper.send_signal(signal.SIGTERM)  # also on a good end: orphans die with the window
        try:
            self._keeper.wait(KILL_S)
        except subprocess.TimeoutExpired as error:
            raise BoxFault(f"the local box wasn't empty {KILL_S:.0f} s after SIGKILL") from error
        for thread in self._drains:
            thread.join(KILL_S)
        if not self._report:
            raise BoxFault(f"the local box's keeper died (exit code {self._keeper.returncode}) without its account")
        said = json.loads(self._report)
        code = None if killed else said["exit_code"]
        cpu_ns = max(said["cpu_ns"], self._seen_ns)  # ticks of 10 ms may have rounded a live look up
        self._end = BoxEnd(code, False, killed, bytes(self._log), self._log_truncated, cpu_ns)
        if on_empty is not None:
            on_empty()
        return self._end

    def _harness_left(self, grace_s: float) -> bool:
        assert self._keeper is not None  # noqa: S101 - narrows the type
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline:
            if self._keeper.poll() is not None or self._harness not in descendants(self._keeper.pid):
                return True
            time.sleep(0.001)
        return self._keeper.poll() is not None

    def cleanup(self) -> None:
        """See Box."""
        if self._keeper is not None and self._end is None and self._keeper.poll() is None:
            self._keeper.send_signal(signal.SIGTERM)
            self._keeper.wait(KILL_S)
        for thread in self._drains:
            thread.join(KILL_S)
        for pipe in (self._keeper.stdout, self._keeper.stdin) if self._keeper is not None else ():
            if pipe is not None:
                pipe.close()
        if self._channel is not None:
            self._channel.close()
        if self._listener is not None:
            self._listener.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def process_cpu_ns(pid: int) -> int:
    """CPU time of a living process with all its threads, nanoseconds; 0 if it's gone (it's in the keeper's account then).

    Source: the kernel's clock of another process, clock_getcpuclockid(3): ``~pid << 3 | CPUCLOCK_SCHED``.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return 0


def reaped_cpu_ns(pid: int) -> int:
    """CPU time of the children that a process has waited for, nanoseconds, in ticks of 10 ms (source: /proc/PID/stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[13]) + int(fields[14])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
