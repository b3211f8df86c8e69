"""A Docker engine of our own, with its containerd, to be killed: nobody else's boxes go with it. Needs root, dockerd and containerd."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from sandbox.kinds import KINDS
from sandbox.limits import LABEL
from server.launcher import Launcher
from tests.conftest import lacking

CONFIG = """
version = 2
root = "{folder}/content"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/containerd.sock"
"""
NAMESPACES = ["--containerd-namespace", "minjoule-chaos", "--containerd-plugins-namespace", "minjoule-chaos-plugins"]
ALONE = ["--bridge=none", "--iptables=false", "--ip-masq=false"]


class OwnEngine:
    """``kill`` and ``start`` as often as one likes; its address is ``url``."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/docker.sock"
        self._launcher = Launcher(folder / "logs", lambda line: None)
        (folder / "containerd.toml").write_text(CONFIG.format(folder=folder))
        places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/dockerd.pid", "-H", self.url]
        self._launcher.start("containerd", ["containerd", "--config", str(folder / "containerd.toml")], {})
        self._launcher.wait_for("containerd", (folder / "containerd.sock").exists)
        # a network of its own: an engine without a bridge removes the machine's docker0
        self._launcher.start(
            "dockerd", ["unshare", "--net", "dockerd", "--containerd", f"{folder}/containerd.sock", *NAMESPACES, *ALONE, *places], {}
        )
        self.wait()

    def client(self) -> docker.DockerClient:
        """A new one."""
        return docker.DockerClient(base_url=self.url, timeout=30)

    def wait(self) -> None:
        """Until both answer; what was killed is started again."""

        def answer() -> bool:
            if any(process.handle is None or process.handle.poll() is not None for process in self._launcher.processes):
                return False
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:  # docker-py leaves a socket open where nobody answers
                line.settimeout(10)
                line.connect(self.url.removeprefix("unix://"))
                line.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in line.recv(64)
            return False

        self._launcher.wait_for("dockerd", answer)

    def end(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """A signal to ``dockerd`` or ``containerd``, and wait for its end. Nobody starts it again before ``wait``."""
        handle = next(process.handle for process in self._launcher.processes if process.name == name)
        assert handle is not None
        os.kill(handle.pid, number)
        handle.wait(60)

    def load(self, image: str) -> None:
        """An image of the machine's usual engine."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
            subprocess.run(["docker", "-H", self.url, "load"], stdin=saving.stdout, check=True, capture_output=True)

    def containers(self) -> list[str]:
        """Names of ours, running or not."""
        with contextlib.closing(self.client()) as client:
            return [each["Names"][0] for each in client.api.containers(all=True, filters={"label": f"{LABEL}.managed"})]

    def close(self) -> None:
        """Remove what is in it, then it."""
        self.wait()
        with contextlib.closing(self.client()) as client:
            for each in client.api.containers(all=True):
                client.api.remove_container(each["Id"], force=True)
        self._launcher.stop()


@contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """One with the box's image in it. Skips, or fails where Docker is required, if this machine can't."""
    missing = [name for name in ("docker", "dockerd", "containerd") if shutil.which(name) is None]
    if missing:
        lacking("docker", f"an engine of one's own needs {', '.join(missing)}")
    if os.geteuid() != 0:
        lacking("root", "an engine of one's own needs it")
    folder = Path(tempfile.mkdtemp(prefix="mj-engine-"))
    engine = None
    try:
        engine = OwnEngine(folder)
        engine.load(KINDS["python"].tag)
        yield engine
    finally:
        if engine is not None:
            engine.close()
        end_shims(folder)
        unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def end_shims(folder: Path) -> None:
    """A containerd that is killed while it starts a container leaves its shim, an empty one, for ever."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{folder}/containerd.sock".encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


def unmount_below(folder: Path) -> None:
    """Whatever an engine that was killed left mounted."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    time.sleep(0.1)
