"""Which images this host serves: they're here, of this checkout, contained as they must be, and what they need can be had."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker as engine

from minjoule.box import BoxFault
from minjoule.entrypoints import WEBGPU
from sandbox.adapter import named, refuse_software
from sandbox.docker_box import IMAGES
from sandbox.images import check_image
from sandbox.limits import Machine
from sandbox.probe import adapter_of, lacks_namespaces, let_through, tried
from worker.logs import get_logger

log = get_logger()
NO_NAMESPACES = (
    "this kernel refuses user namespaces, so Chromium would have no sandbox of its own. Allow them (sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or judge in gVisor (MINJOULE_WORKER_RUNTIME=runsc)"
)


@dataclass
class Served:
    """Tags by image name, what the browser computes on, and what their boxes were let through."""

    tags: dict[str, str] = field(default_factory=dict)
    adapter: dict[str, Any] | None = None
    let_through: list[str] = field(default_factory=list)
    demands: str | None = None

    @property
    def facts(self) -> dict[str, str | int]:
        """What the record says of the browser's box; and that it isn't served, where it's here and can't be."""
        if self.adapter is not None:
            return {"adapter": named(self.adapter), "browser": str(self.adapter.get("browser", "unknown"))[:300]}
        return {WEBGPU: f"not served: {self.demands}"[:300]} if self.demands else {}


def serve(client: engine.DockerClient, folder: Path, machine: Machine, label: str, *, promises_gpu: bool) -> Served:
    """Try each image that is here. Raises BoxFault where a box can't be had, or a promised GPU isn't there."""
    served = Served()
    for name, tag in IMAGES.items():
        try:
            check_image(client, name)
        except BoxFault as error:
            log.info("image_not_served", image=name, reason=str(error)[:300])
            continue
        said = tried(client, folder, name, label, machine)
        if lacks_namespaces(said, name):
            log.warning("image_not_served", image=name, reason=NO_NAMESPACES)
            served.demands = NO_NAMESPACES
            continue
        served.tags[name] = tag
        served.let_through += let_through(said, name)
        if name == WEBGPU:
            served.adapter = adapter_of(client, folder, host_label=label, machine=machine)
            if promises_gpu:
                refuse_software(served.adapter)
    return served
