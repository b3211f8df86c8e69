"""Removes what boxes of this host left behind: containers by label, control groups and folders by name.

``reap`` is for a worker that has no box of its own alive; ``reap_overdue`` for whoever watches beside it.
It knows nothing of runs.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import docker

from minjoule.box import BoxFault
from sandbox import cgroups
from sandbox.docker_box import ENGINE_ERRORS, remove_container
from sandbox.limits import LABEL


@dataclass(frozen=True, slots=True)
class Reaped:
    """How many of each were left and are gone now."""

    containers: int
    groups: int
    folders: int


def reap(client: docker.DockerClient, host_label: str, base_folder: Path | None = None, spared: frozenset[str] = frozenset()) -> Reaped:
    """Remove every container, group and folder of ours on this host but those of the ``spared`` tokens. Raises BoxFault.

    Containers are asked for with ``all``: a failed start leaves one in the state ``created``.
    """
    mine = {"label": [f"{LABEL}.managed=1", f"{LABEL}.host={host_label}"]}
    try:
        listed = client.api.containers(all=True, filters=mine)
        found = [each for each in listed if not any(name.rpartition("-")[2] in spared for name in each["Names"])]
        for container in found:
            remove_container(client.api, container["Id"])
        groups = [name for name in cgroups.leftovers(host_label) if name.rpartition("/")[2] not in spared]
        if groups:
            facts = client.info()
            kind = cgroups.group_class(str(facts.get("CgroupVersion", "1")), facts["CgroupDriver"])
            for name in groups:
                kind(name).remove()
    except ENGINE_ERRORS as error:
        raise BoxFault(f"the engine didn't remove what was left: {error}") from error
    there = base_folder.iterdir() if base_folder is not None and base_folder.is_dir() else ()
    folders = [path for path in there if path.is_dir() and path.name not in spared]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return Reaped(len(found), len(groups), len(folders))


def reap_overdue(client: docker.DockerClient, host_label: str, now_s: float) -> int:
    """Remove our containers whose ``minjoule.deadline`` (seconds since the epoch) has passed; how many. Raises BoxFault.

    A container survives its worker's SIGKILL, so this is called from another process. Without a deadline nothing is overdue.
    """
    mine = {"label": [f"{LABEL}.managed=1", f"{LABEL}.host={host_label}", f"{LABEL}.deadline"]}
    try:
        found = client.api.containers(all=True, filters=mine)
        overdue = [container["Id"] for container in found if float(container["Labels"][f"{LABEL}.deadline"]) < now_s]
        for container in overdue:
            remove_container(client.api, container)
    except ENGINE_ERRORS as error:
        raise BoxFault(f"the engine didn't remove what is overdue: {error}") from error
    return len(overdue)
