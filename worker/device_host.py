"""A host whose runs are carried out on a device: its boxes, its facts, its battery, and the load that it's calibrated by."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minjoule.box import BoxFault, BoxLimits, BoxSpec, Phase
from minjoule.meter import Meter, MeterFault
from sandbox.adapter import named, refuse_other, refuse_software
from sandbox.device.box import WEBGPU, DeviceBoxes
from sandbox.device.browser import DeviceBrowser
from sandbox.device.cdp import CommandError, DeviceGone
from sandbox.images import harness_digest
from worker.battery import Battery, BatteryWatch, ask_adb, from_dumpsys, from_page, joined
from worker.device_config import FILE, DeviceConfig, load_device, lock_path
from worker.host import cpu_model, host_lock
from worker.load import Load
from worker.meters.selection import Candidate

BOUNDARY = "device-wall"
SIZING_TURNS = 20
SLACK_S = 60.0
LIMITS = BoxLimits(wall_s=30, cpu_s=30, memory_bytes=1 << 30, tmp_bytes=1 << 20, pids=400, log_bytes=1 << 16)
Facts = dict[str, str | int]


class DeviceHost:
    """The device of one host. Raises BoxFault where it doesn't answer, or isn't what was promised, MeterFault where its adb doesn't."""

    def __init__(self, config: DeviceConfig, *, promises_gpu: bool = False) -> None:
        self._config = config
        self.browser = DeviceBrowser(config.url)
        self.battery_watch = BatteryWatch(self.battery) if config.battery == "watched" else None
        try:
            self.adapter = self._adapter()
            if promises_gpu:
                refuse_software(self.adapter)
            self.facts = self._facts()
        except (BoxFault, MeterFault):
            self.browser.close()
            raise
        self.boxes = DeviceBoxes(self.browser, self.adapter)

    def prove(self) -> None:
        """That it can judge: a box of ours gets the adapter that the worker began with. Raises BoxFault."""
        refuse_other(self._adapter(), self.adapter)

    def witnesses(self) -> tuple[Meter, ...]:
        """What stands beside the meter that bills."""
        return () if self.battery_watch is None else (self.battery_watch,)

    def battery(self) -> Battery | None:
        """Its battery now; None where nobody can tell. Raises MeterFault, BoxFault."""
        android = from_dumpsys(self._adb("dumpsys", "battery")) if self._config.adb else None
        said = self.ask("battery()")
        return joined(android, from_page(said) if isinstance(said, dict) else None)

    def live_facts(self) -> Facts:
        """What a record says of the battery, as it was last seen."""
        if self.battery_watch is None:
            return {"battery": "none, on the organizer's word"}
        return {"battery": str(self.battery_watch.last or "not looked at yet")}

    def ask(self, code: str, timeout_s: float = 10.0) -> Any:
        """A call of our page's. Raises BoxFault."""
        try:
            return self.browser.watch().ask(code, timeout_s)
        except (DeviceGone, CommandError) as error:
            raise BoxFault(f"the device doesn't answer: {error}") from error

    @contextmanager
    def load(self, control_s: float, rounds: int = 0) -> Iterator[Load]:
        """See ``worker.load.every_core``: here the device's graphics processor is busy, with the same turns each time."""
        if not rounds:
            took_s = float(self.ask(f"timed({SIZING_TURNS})", SLACK_S))
            rounds = max(round(control_s / took_s * SIZING_TURNS), 1)

        def control() -> None:
            self.ask(f"busy({{turns: {rounds}}})", SLACK_S + 10 * control_s)

        def pulse(seconds: float) -> None:
            self.ask(f"busy({{seconds: {seconds}}})", SLACK_S + seconds)

        yield Load(control, pulse, rounds)

    def close(self) -> None:
        """Leave nothing of ours there."""
        self.browser.close()

    def _adapter(self) -> dict[str, Any]:
        box = DeviceBoxes(self.browser)(BoxSpec("adapter", Phase.TRAIN, Path(), "", (), WEBGPU, LIMITS, {}))
        try:
            box.start()
            return box.adapter
        except (DeviceGone, CommandError, ValueError) as error:
            raise BoxFault(f"the device can't judge: {error}") from error
        finally:
            box.cleanup()

    def _facts(self) -> Facts:
        said, version = self.ask("facts()"), self.browser.connection().version
        facts: Facts = {
            "box": "device",
            "adapter": named(self.adapter),
            "browser": str(said.get("browser", "unknown"))[:300],
            "browser_version": version.get("Browser", "unknown"),
            "storage": "a browser context a box" if self.browser.contexts else "an origin a box",
            "harness": harness_digest(WEBGPU),
            "worker_cpu": cpu_model(),
        }
        known = {"device_platform": "platform", "device_platform_version": "platformVersion", "device_model": "model"}
        facts |= {name: str(said[word])[:100] for name, word in known.items() if said.get(word)}
        if package := version.get("Android-Package"):
            facts["android_package"] = package
        if self._config.adb:
            facts["device_model"] = self._adb("getprop", "ro.product.model").strip()[:100] or "unknown"
        return facts

    def _adb(self, *words: str) -> str:
        return ask_adb(self._config.adb_program, self._config.adb, *words)


def examined(data_dir: Path) -> list[Candidate]:
    """The device as ``doctor`` shows it: whether it answers, what it computes on, its battery. Nothing where the host has none."""
    try:
        config = load_device(data_dir)
        if config is None:
            return []
        with host_lock(lock_path(data_dir, config)):
            return looked_at(config)
    except (BoxFault, MeterFault) as error:
        return [Candidate("device", False, str(error), mend=f"Look at docs/device-host.md and {data_dir / FILE}")]


def looked_at(config: DeviceConfig) -> list[Candidate]:
    """Raises BoxFault, MeterFault."""
    host = DeviceHost(config)
    about = ", ".join(f"{name.removeprefix('device_')} {value}" for name, value in host.facts.items() if name.startswith("device_"))
    reached = Candidate(
        "device", True, f"{host.facts['browser_version']} at {config.url}; {about or 'it tells no model'}; {host.facts['storage']}"
    )
    adapter = Candidate("adapter", True, named(host.adapter))
    try:
        if host.battery_watch is not None:
            host.battery_watch.admit()
        battery = Candidate("battery", True, str(host.live_facts()["battery"]))
    except (BoxFault, MeterFault) as error:
        battery = Candidate("battery", False, str(error), mend=getattr(error, "mend", ""))
    host.close()
    return [reached, adapter, battery]
