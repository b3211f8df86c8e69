"""What goes into the box images and how it's named: the harness of this checkout, and the digests that tell stale images."""

import hashlib
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

import minjoule
from minjoule.box import BoxFault
from sandbox.kinds import KINDS

HERE = Path(__file__).parent
HARNESS_LABEL = "minjoule.harness"
INPUTS_LABEL = "minjoule.inputs"
TAGS = {name: kind.tag for name, kind in KINDS.items()}


def harness_files(name: str = "python") -> dict[str, bytes]:
    """Path under ``minjoule/`` and content of all of ours that goes into a box of that name: no problems, no scorer, no data."""
    package = Path(minjoule.__path__[0])
    paths = [path for source in KINDS[name].sources for path in (package / source, *(package / source).rglob("*")) if path.is_file()]
    paths = [path for path in paths if path.suffix != ".pyc"]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in paths}


def harness_digest(name: str = "python") -> str:
    """sha256 (hex) over the sorted lines ``<sha256 of file>  <path>`` of ``harness_files``."""
    return digest(harness_files(name))


def digest(files: dict[str, bytes]) -> str:
    """sha256 (hex) over the sorted lines ``<sha256 of file>  <path>``."""
    lines = sorted(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_image(client: docker.DockerClient, name: str) -> None:
    """Refuse to judge with an image that's missing or holds another harness. Raises BoxFault."""
    remedy = f"run: python -m sandbox.images build {name}"
    try:
        labels = client.images.get(TAGS[name]).labels
    except ImageNotFound as error:
        raise BoxFault(f"the engine has no image {TAGS[name]}; {remedy}") from error
    except DockerException as error:
        raise BoxFault(f"the engine doesn't answer for the image {TAGS[name]}: {error}") from error
    seen, due = labels.get(HARNESS_LABEL, "none"), harness_digest(name)
    if seen != due:
        raise BoxFault(f"the image {TAGS[name]} holds harness {seen[:12]}, this worker is of {due[:12]}; {remedy}")
