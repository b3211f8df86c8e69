"""What this host judges with, put together from its settings: boxes here or on a device, meter, reaper."""

import hashlib
import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import docker as engine
from docker.errors import DockerException

from minjoule.box import BoxFactory, BoxFault, BoxStuck
from minjoule.local_box import LocalBoxes
from minjoule.meter import Meter, MeterFault
from minjoule.trial import WindowRules
from sandbox import reaper
from sandbox.docker_box import IMAGES, DockerBoxes
from sandbox.engine_watch import EngineWatch
from sandbox.images import check_image, harness_digest
from sandbox.lifetime import hold
from sandbox.limits import Machine, settings_digest
from sandbox.prepared import PreparedBoxes
from sandbox.probe import probe
from worker.calibration import Calibration, Plan, calibrate, load_history, usual_idle, usual_rounds
from worker.controls import Controls
from worker.device_config import FILE, DeviceConfig, load_device, lock_path
from worker.device_host import BOUNDARY as DEVICE_WALL
from worker.device_host import DeviceHost
from worker.fitness import Fitness, nothing
from worker.host import facts, host_lock
from worker.judge import Bench
from worker.load import Load, every_core
from worker.logs import get_logger
from worker.meters import Cabinet, meter_for
from worker.meters.rating import rated_by
from worker.scratch import Scratch
from worker.served import serve
from worker.settings import Credentials, WorkerSettings
from worker.signing import load_key

log = get_logger()
LEAST_IDLE_S = 1.0
SCRUB_S = 120.0
Act = Callable[[], None]
Facts = dict[str, str | int]
MakeLoad = Callable[[float, int], AbstractContextManager[Load]]


def own_load(control_s: float, rounds: int) -> AbstractContextManager[Load]:
    """Every core of this machine."""
    return every_core(os.cpu_count() or 1, control_s, rounds)


class BenchError(Exception):
    """This host can't judge: what is missing, and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries run.

    Attributes:
        reap: clears what was left there; ``keep_ahead`` has boxes ready; ``close`` leaves nothing behind.
        facts: what a record says of it; ``live_facts`` as it is just now.
        prove: that it can judge, after it failed.
        witnesses: meters that bill nothing and may void a window.
        load: what keeps it busy while it's calibrated, by the seconds of a control workload and its rounds.
    """

    boxes: BoxFactory
    reap: Act
    keep_ahead: Act
    close: Act
    facts: Facts
    live_facts: Callable[[], Facts] = dict
    witnesses: tuple[Meter, ...] = ()
    load: MakeLoad = own_load
    prove: Act = nothing


def make_bench(settings: WorkerSettings, credentials: Credentials) -> Bench:
    """Raises BenchError, MeterFault."""
    refuse_quarantined_host(settings.quarantine_path)
    label = label_of(credentials)
    place = place_of(settings, credentials, label)
    scratch = own_scratch(settings)
    try:
        meter = meter_for(credentials.boundary, Cabinet(settings.meters_file, settings.powercap_root), place.witnesses)
    except MeterFault:
        place.close()
        raise
    history = load_history(settings.calibration_path)
    rules = WindowRules(settings.idle_s, settings.sample_s, settings.tail_s, usual_idle(history, meter.facts.name))
    key, controls = load_key(settings.key_path), None if meter.facts.modelled else controls_of(meter, settings, place.load)

    def clear() -> None:
        place.reap()
        scratch.clear()

    def prove() -> None:
        place.prove()
        try:
            meter.admit()
        except MeterFault as fault:
            raise BoxFault(f"its meter wouldn't let a window open: {fault}") from fault

    return Bench(
        place.boxes,
        meter,
        clear,
        place.keep_ahead,
        place.close,
        label,
        place.facts,
        key,
        rules,
        controls=controls,
        live_facts=place.live_facts,
        fitness=Fitness(prove),
    )


def place_of(settings: WorkerSettings, credentials: Credentials, label: str) -> Place:
    """Where this host's entries run. Raises BenchError where that doesn't go with its class."""
    if settings.promises_gpu:
        how = "enrol in a class that does (host code ... --promises-gpu), and unset MINJOULE_WORKER_PROMISES_GPU"
        raise BenchError(f"a worker promises no GPU any more, its host class does: {how}")
    config = own_device(settings)
    if (config is None) == (credentials.boundary == DEVICE_WALL):
        here = "this worker has a device" if config else "this worker has no device"
        how = f"remove {settings.data_dir / FILE}" if config else "enrol with --device URL"
        raise BenchError(f"host class {credentials.host_class} is of boundary {credentials.boundary}, and {here}: {how}")
    if config is not None:
        return device(config, promises_gpu=credentials.promises_gpu)
    if settings.box == "local" and not credentials.unsandboxed:
        raise BenchError(f"host class {credentials.host_class} is sandboxed, this worker's box is local: set MINJOULE_WORKER_BOX=docker")
    return local() if settings.box == "local" else docker(settings, label, promises_gpu=credentials.promises_gpu)


def own_device(settings: WorkerSettings) -> DeviceConfig | None:
    """Raises BenchError."""
    try:
        return load_device(settings.data_dir)
    except BoxFault as error:
        raise BenchError(str(error)) from None


def device(config: DeviceConfig, *, promises_gpu: bool) -> Place:
    """Boxes in a device's browser. Raises BenchError where it doesn't answer."""
    try:
        with host_lock(lock_path(Path(), config)):  # whoever judges on it now is let end its run
            host = DeviceHost(config, promises_gpu=promises_gpu)
    except (BoxFault, MeterFault) as error:
        raise BenchError(f"no device here: {error}. `python -m worker doctor` says more, docs/device-host.md how it's set up") from None

    def clear() -> None:
        if left := host.browser.reap():
            log.warning("leftovers_reaped", pages=left)
        if host.battery_watch is not None:
            host.battery_watch.forget()

    return Place(host.boxes, clear, nothing, host.close, host.facts, host.live_facts, host.witnesses(), host.load, host.prove)


def controls_of(meter: Meter, settings: WorkerSettings, make_load: MakeLoad) -> Controls:
    """The control workload, the same work as the last time."""
    plan = Plan(max(settings.idle_s, LEAST_IDLE_S), sample_s=settings.sample_s)

    def measured(history: Sequence[Calibration]) -> Calibration:
        with make_load(settings.control_s, usual_rounds(history, meter.facts.name)) as load:
            return calibrate(meter, load, plan, history)

    rated_w = settings.rated_w or rated_by(meter.channels)
    return Controls(meter.facts.name, settings.calibration_path, settings.control_every, measured, rated_w=rated_w)


def label_of(credentials: Credentials) -> str:
    """What this host's containers and groups stand under: its number there, and a digest, for two servers' hosts may share a machine."""
    return f"{credentials.token.split('_')[2]}-{hashlib.sha256(credentials.token.encode()).hexdigest()[:8]}"


def own_scratch(settings: WorkerSettings) -> Scratch:
    """Raises BenchError."""
    try:
        return Scratch(settings.data_dir)
    except BoxFault as error:
        raise BenchError(str(error)) from None


def local() -> Place:
    """Boxes without containment; keepers end with their worker, so there is nothing to reap."""
    return Place(LocalBoxes(), nothing, nothing, nothing, facts() | {"box": "local"})


def docker(settings: WorkerSettings, label: str, *, promises_gpu: bool) -> Place:
    """Docker boxes. Raises BenchError without an engine, or with an image of another harness."""
    folder = settings.data_dir.resolve() / "boxes"
    alive = hold(settings.data_dir, label)  # before the first box: the reaper goes by it
    try:
        client = engine.from_env(timeout=60)
        check_image(client, "python")
        machine = Machine(runtime=settings.runtime or None, gpu=settings.gpu or None)
        served = serve(client, folder, machine, label, promises_gpu=promises_gpu)
        watch = EngineWatch(client)
        boxes = PreparedBoxes(DockerBoxes(client, folder, machine, served.tags, served.adapter, watch))
    except (DockerException, BoxFault) as error:
        raise BenchError(
            f"no sandbox here: {error}. Install and start Docker, and build the image by `minjoule-admin image build`"
        ) from None
    if served.let_through:
        raise BenchError(f"the sandbox lets through what it must refuse: {'; '.join(served.let_through)}. Look at the engine's settings")

    def clear() -> None:
        left = reaper.reap(client, label, folder, boxes.tokens)
        if left.containers or left.groups or left.folders:
            log.warning("leftovers_reaped", **asdict(left))
        if settings.gpu_scrub:
            scrub(shlex.split(settings.gpu_scrub))

    def prove() -> None:
        if let_through := probe(client, folder, host_label=label, machine=machine):
            raise BoxFault(f"the sandbox lets through what it must refuse: {'; '.join(let_through)}")

    def close() -> None:
        boxes.clear()
        alive.close()
        try:
            reaper.look(client, folder.parent)  # as the reaper would: a second worker of this host may live, with a box of its own
        except (BoxFault, OSError) as error:
            log.warning("leftovers_not_reaped", error=str(error))
        watch.close()

    chosen = {name: value for name, value in asdict(machine).items() if value}
    about = facts() | about_engine(client) | chosen | served.facts
    return Place(boxes, clear, boxes.keep_ahead, close, about, prove=prove)


def scrub(command: list[str]) -> None:
    """Clear the board's memory between two tenants, outside every window. Raises BoxStuck: what can't be cleared isn't handed on."""
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SCRUB_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise BoxStuck(f"the GPU's memory couldn't be scrubbed by {command[0]}: {error}") from error


def refuse_quarantined_host(path: Path) -> None:
    """A host where a kill hung judges nothing until somebody has looked. Raises BenchError."""
    if path.exists():
        raise BenchError(f"quarantined: {path.read_text().strip()}. Look at the engine, restart the machine, remove {path}")


def about_engine(client: engine.DockerClient) -> Facts:
    """What the record says of the sandbox: engine, image, harness, and the digest of every setting that contains the entrant."""
    try:
        version, image = client.version(), client.images.get(IMAGES["python"])
    except DockerException as error:
        raise BenchError(f"the engine doesn't say what it is: {error}") from None
    parts = {each["Name"]: each.get("Version", "") for each in version.get("Components", [])}
    return {
        "box": "docker",
        "engine": str(version["Version"]),
        "runc": str(parts.get("runc", "unknown")),
        "image": str(image.id),
        "harness": harness_digest(),
        "box_settings": settings_digest(),
    }
