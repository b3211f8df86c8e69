"""Starts Chromium: headless, its own sandbox on, a fresh profile, nothing but our page, spoken to over a pipe."""

import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The software adapter is pinned: one reference for everybody who judges without a GPU. The watchdog would call a long shader
# a hang and take the device away; the host's own clock ends what takes too long. Workgroup memory is zeroed by a loop in the
# shader: by Vulkan's extension the software adapter unrolls it, a store a word, and compiles 16 KiB of it for seconds.
FLAGS = [
    "--headless",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,AutofillServerCommunication",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-gpu-watchdog",
    "--disable-hang-monitor",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-pings",
    "--password-store=basic",
    "--use-mock-keychain",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--window-size=400,300",
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
    "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
    "--remote-debugging-pipe",
]
NOBODY = 65534
SWITCHES_READ, SWITCHES_WRITE = 3, 4  # the descriptors that --remote-debugging-pipe speaks on
HELD = 5  # the browser holds our end as well: it would leave by itself at our end, before its last CPU time was looked at


class Chromium:
    """One browser. ``on_event`` is called with the name and parameters of every event that its pipe tells, on a thread of ours."""

    def __init__(self, binary: str, url: str, on_event: Callable[[str, dict[str, Any]], None]) -> None:
        self._on_event = on_event
        # A box's temporary folder is its own. The browser puts a Unix socket below, whose path the kernel takes up to 107 bytes of.
        profile = Path(tempfile.gettempdir(), "profile")
        profile.mkdir(mode=0o700)
        to_browser, self._writing = os.pipe()
        self._reading, from_browser = os.pipe()
        for inherited in (to_browser, from_browser):  # out of the way of the two numbers that the browser wants
            os.set_inheritable(inherited, False)
        environment = {"HOME": str(profile), "TMPDIR": str(profile), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        self.pid = os.fork()
        if self.pid == 0:
            self._become(binary, url, profile, environment, to_browser, from_browser)
        os.close(to_browser)
        os.close(from_browser)
        threading.Thread(target=self._listen, name="cdp", daemon=True).start()
        self.send("Target.setDiscoverTargets", {"discover": True})

    def _become(self, binary: str, url: str, profile: Path, environment: dict[str, str], reading: int, writing: int) -> None:
        """In the child: never returns. Chromium refuses to run its sandbox as root, so as root it's made nobody's."""
        try:
            high = [os.dup2(reading, 200), os.dup2(writing, 201), os.dup2(self._writing, 202)]
            for source, wanted in zip(high, (SWITCHES_READ, SWITCHES_WRITE, HELD), strict=True):
                os.dup2(source, wanted)
            os.closerange(HELD + 1, 256)
            quiet = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):  # what the browser says of itself is no part of the entrant's log
                os.dup2(quiet, standard)
            if os.getuid() == 0:
                open_way(profile)
                os.chown(profile, NOBODY, NOBODY)
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.chdir(profile)
            os.execve(binary, [binary, *FLAGS, f"--user-data-dir={profile}", url], environment)  # noqa: S606 - no shell is wanted
        finally:
            os._exit(127)

    def send(self, method: str, parameters: dict[str, Any]) -> None:
        """One command; its answer is of no interest. A browser that has left is noticed elsewhere."""
        message = json.dumps({"id": 1, "method": method, "params": parameters}).encode() + b"\0"
        try:
            os.write(self._writing, message)
        except OSError:
            return

    def _listen(self) -> None:
        """Messages end in NUL; the pipe ends with the browser."""
        waiting = bytearray()
        while piece := os.read(self._reading, 1 << 16):
            waiting += piece
            *whole, rest = waiting.split(b"\0")
            waiting = bytearray(rest)
            for each in whole:
                said = json.loads(each)
                if "method" in said:
                    self._on_event(said["method"], said.get("params", {}))
        self._on_event("gone", {})


def open_way(folder: Path) -> None:
    """Let others pass through (not list) the folders above one, where they are closed."""
    for above in folder.parents:
        mode = above.stat().st_mode & 0o7777
        if not mode & 0o001:
            above.chmod(mode | 0o011)
