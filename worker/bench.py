"""What this host judges with, put together from its settings: boxes, meter, reaper."""

from collections.abc import Callable

from minjoule.box import BoxFactory
from minjoule.local_box import LocalBoxes
from worker.host import facts
from worker.judge import Bench
from worker.meters import meter_for
from worker.settings import Credentials, WorkerSettings


class BenchError(Exception):
    """This host can't judge: what is missing, and what to do."""


def make_bench(settings: WorkerSettings, credentials: Credentials) -> Bench:
    """Raises BenchError, MeterFault."""
    label = credentials.token.split("_")[2]
    boxes, reap = local() if settings.box == "local" else docker(settings, label)
    if settings.box == "local" and not credentials.unsandboxed:
        raise BenchError(f"host class {credentials.host_class} is sandboxed, this worker's box is local: set MINJOULE_WORKER_BOX=docker")
    meter = meter_for(credentials.boundary, settings.powercap_root)
    return Bench(boxes, meter, reap, label, facts() | {"box": settings.box})


def local() -> tuple[BoxFactory, Callable[[], None]]:
    """Boxes without containment; keepers end with their worker, so there is nothing to reap."""
    return LocalBoxes(), lambda: None


def docker(settings: WorkerSettings, label: str) -> tuple[BoxFactory, Callable[[], None]]:
    """Docker boxes. Raises BenchError without an engine or with an image of another harness."""
    from sandbox.factory import SandboxError, connect

    try:
        boxes = connect(settings.data_dir, label)
    except SandboxError as error:
        raise BenchError(str(error)) from None
    return boxes, boxes.reap
