"""What this host judges with, put together from its settings: boxes, meter, reaper."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import docker as engine
from docker.errors import DockerException

from minjoule.box import BoxFactory, BoxFault
from minjoule.entrypoints import WEBGPU
from minjoule.local_box import LocalBoxes
from minjoule.trial import WindowRules
from sandbox.adapter import named, refuse_software
from sandbox.docker_box import IMAGES, DockerBoxes
from sandbox.images import check_image, harness_digest
from sandbox.limits import settings_digest
from sandbox.prepared import PreparedBoxes
from sandbox.probe import adapter_of, probe
from sandbox.reaper import reap
from worker.calibration import load_history, refuse_quarantined, usual_idle
from worker.host import facts
from worker.judge import Bench
from worker.logs import get_logger
from worker.meters import Cabinet, meter_for
from worker.settings import Credentials, WorkerSettings
from worker.signing import load_key

log = get_logger()
Act = Callable[[], None]
Facts = dict[str, str | int]


class BenchError(Exception):
    """This host can't judge: what is missing, and what to do."""


def make_bench(settings: WorkerSettings, credentials: Credentials) -> Bench:
    """Raises BenchError, MeterFault."""
    label = label_of(credentials)
    boxes, reap, keep_ahead, close, about_box = local() if settings.box == "local" else docker(settings, label)
    if settings.box == "local" and not credentials.unsandboxed:
        raise BenchError(f"host class {credentials.host_class} is sandboxed, this worker's box is local: set MINJOULE_WORKER_BOX=docker")
    meter = meter_for(credentials.boundary, Cabinet(settings.meters_file, settings.powercap_root))
    history = load_history(settings.calibration_path)
    refuse_quarantined(history, meter.facts.name)
    rules = WindowRules(settings.idle_s, settings.sample_s, settings.tail_s, usual_idle(history, meter.facts.name))
    return Bench(boxes, meter, reap, keep_ahead, close, label, facts() | about_box, load_key(settings.key_path), rules)


def label_of(credentials: Credentials) -> str:
    """What this host's containers are known by. Hosts of two platforms may share an engine, and must not reap each other's."""
    return f"{credentials.token.split('_')[2]}-{hashlib.sha256(credentials.token.encode()).hexdigest()[:8]}"


def local() -> tuple[BoxFactory, Act, Act, Act, Facts]:
    """Boxes without containment; keepers end with their worker, so there is nothing to reap."""
    return LocalBoxes(), nothing, nothing, nothing, {"box": "local"}


def nothing() -> None:
    """What a host does that has nothing to clear and nothing to prepare."""


def docker(settings: WorkerSettings, label: str) -> tuple[BoxFactory, Act, Act, Act, Facts]:
    """Docker boxes. Raises BenchError without an engine, or with an image of another harness."""
    folder = settings.data_dir.resolve() / "boxes"
    try:
        client = engine.from_env(timeout=60)
        check_image(client, "python")
        images, adapter = served(client, folder, promises_gpu=settings.promises_gpu)
        boxes = PreparedBoxes(DockerBoxes(client, folder, images=images, adapter=adapter))
        let_through = probe(client, folder) + (probe(client, folder, WEBGPU) if adapter else [])
    except (DockerException, BoxFault) as error:
        raise BenchError(
            f"no sandbox here: {error}. Install and start Docker, and build the image by `minjoule-admin image build`"
        ) from None
    if let_through:
        raise BenchError(f"the sandbox lets through what it must refuse: {'; '.join(let_through)}. Look at the engine's settings")

    def clear() -> None:
        left = reap(client, label, folder, boxes.tokens)
        if left.containers or left.groups or left.folders:
            log.warning("leftovers_reaped", **asdict(left))

    return boxes, clear, boxes.keep_ahead, boxes.clear, about_engine(client) | about_adapter(adapter)


def served(client: engine.DockerClient, folder: Path, *, promises_gpu: bool) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The images that are here and of this checkout; and what the browser's one computes on, if it's among them. Raises BoxFault."""
    images: dict[str, str] = {}
    adapter: dict[str, Any] | None = None
    for name, tag in IMAGES.items():
        try:
            check_image(client, name)
        except BoxFault as error:
            log.info("image_not_served", image=name, reason=str(error)[:300])
            continue
        images[name] = tag
        if name == WEBGPU:
            adapter = adapter_of(client, folder)
            if promises_gpu:
                refuse_software(adapter)
    return images, adapter


def about_adapter(adapter: dict[str, Any] | None) -> Facts:
    """What the record says of the browser's box."""
    return {} if adapter is None else {"adapter": named(adapter), "browser": str(adapter.get("browser", "unknown"))[:300]}


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
