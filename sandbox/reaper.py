"""Removes what boxes of this host left behind: containers by label, control groups and folders by name.

``reap`` is for a worker that has no box of its own alive; ``python -m sandbox.reaper DATA_DIR`` watches beside it, as a process
of its own: what is past its deadline goes at once, and everything goes once the worker is dead. It knows nothing of runs.
"""

import argparse
import contextlib
import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import docker

from minjoule.box import BoxFault
from sandbox import cgroups, lifetime
from sandbox.docker_box import ENGINE_ERRORS, remove_container
from sandbox.limits import LABEL

log = logging.getLogger("sandbox.reaper")


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


def look(client: docker.DockerClient, data_dir: Path) -> Reaped:
    """One round over the host whose worker has this data folder; nothing where none ever ran. Raises BoxFault."""
    try:
        host_label = (data_dir / lifetime.LABEL_FILE).read_text().strip()
    except FileNotFoundError:
        return Reaped(0, 0, 0)
    with lifetime.orphaned(data_dir) as orphaned:
        if orphaned:
            return reap(client, host_label, data_dir / "boxes")
    return Reaped(reap_overdue(client, host_label, lifetime.now_s()), 0, 0)


def watch(data_dir: Path, every_s: float) -> None:
    """Look for ever; an engine that is away is looked for again."""
    while True:
        try:
            client = docker.from_env(timeout=60)
            with contextlib.closing(client):
                reaped = look(client, data_dir)
            if reaped != Reaped(0, 0, 0):
                log.warning("leftovers_reaped containers=%d groups=%d folders=%d", reaped.containers, reaped.groups, reaped.folders)
        except (BoxFault, *ENGINE_ERRORS) as error:
            log.error("reaper_failed error=%s", error)
        time.sleep(every_s)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m sandbox.reaper", description="Clear what a dead worker left on this host.")
    parser.add_argument("data_dir", type=Path, help="the worker's data folder (MINJOULE_WORKER_DATA_DIR)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two rounds")
    given = parser.parse_args()
    watch(given.data_dir, given.every)
