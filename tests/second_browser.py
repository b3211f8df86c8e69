"""A second Chromium on this machine that plays the device: reached by its DevTools port alone, as a phone would be."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from minjoule.box import BoxFault
from minjoule.local_harness import find_browser
from tests.conftest import lacking

FLAGS = [
    "--headless",
    "--remote-debugging-port=0",
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
    "--disable-gpu-watchdog",
    "--disable-gpu-process-crash-limit",
    "--disable-domain-blocking-for-3d-apis",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
UP_S = 30.0


class SecondBrowser:
    """A context: the browser on a port of its own. ``unplug`` takes it away at once."""

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "profile"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> "SecondBrowser":
        try:
            binary = find_browser()
        except BoxFault as error:
            lacking("chromium", str(error))
        shutil.rmtree(self._profile, ignore_errors=True)
        command = [binary, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        told, until = self._profile / "DevToolsActivePort", time.monotonic() + UP_S
        while not (told.exists() and told.read_text().strip()):
            assert time.monotonic() < until, "Chromium didn't open its port"
            assert self._process.poll() is None, "Chromium ended"
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{told.read_text().splitlines()[0]}"
        return self

    def unplug(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)
