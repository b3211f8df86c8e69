"""Builds one box image: base, wheels, harness. Says "up to date" when nothing that goes into it has changed."""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, ImageNotFound

from sandbox.images import HARNESS_LABEL, HERE, INPUTS_LABEL, TAGS, digest, harness_digest, harness_files
from sandbox.images.wheels import fill
from sandbox.kinds import KINDS

PUBLIC_BASE = "python:3.11-slim-bookworm"
DEBIAN_BASE = "minjoule-base:bookworm"
DEBIAN_SCRIPT = HERE.parents[1] / "scripts" / "debian-base.sh"
WHEELS = HERE.parents[1] / "wheels"
ASK_PYTHON = "import platform; print('.'.join(platform.python_version_tuple()[:2]), platform.machine())"
Say = Callable[[str], None]


class ImageError(Exception):
    """The image couldn't be built: what failed, and what to do."""


def build(client: docker.DockerClient, name: str, say: Say, base_image: str | None = None, extra_index: str | None = None) -> bool:
    """Build ``name`` unless it's up to date; whether it was built. The torch image is built upon the python image.

    Raises ImageError, or WheelError.
    """
    if name == "torch":
        build(client, "python", say, base_image)
    inputs = inputs_digest(client, name)
    if label_of(client, TAGS[name]) == inputs:
        say(f"{TAGS[name]}: up to date")
        return False
    base = TAGS["python"] if name == "torch" else find_base(client, base_image, say)
    version, machine = python_of(client, base)
    say(f"{TAGS[name]}: on {base}, Python {version}, {machine}")
    wheels = WHEELS / f"{name}-{version}-{machine}"
    if (HERE / name / "requirements.txt").exists():
        fill(wheels, HERE / name / "requirements.txt", version, machine, extra_index)
    with tempfile.TemporaryDirectory(prefix="minjoule-image-") as folder:
        context = Path(folder)
        assemble(context, name, wheels)
        run_build(client, context, name, base, {HARNESS_LABEL: harness_digest(name), INPUTS_LABEL: inputs})
    for label in ("minjoule.stage=packages", INPUTS_LABEL):  # the stage before, and the image that lost its tag
        client.images.prune(filters={"dangling": True, "label": [label]})
    say(f"{TAGS[name]}: built")
    return True


def inputs_digest(client: docker.DockerClient, name: str) -> str:
    """sha256 over all that decides what is in the image, the base aside."""
    files = {f"minjoule/{path}": content for path, content in harness_files(name).items()}
    files |= {path.name: path.read_bytes() for path in (HERE / name / "Dockerfile", HERE / name / "requirements.txt") if path.exists()}
    if name == "torch":
        files["base"] = (label_of(client, TAGS["python"]) or "").encode()
    return digest(files)


def label_of(client: docker.DockerClient, tag: str) -> str | None:
    """The inputs label of an image; None where there is no such image."""
    try:
        return client.images.get(tag).labels.get(INPUTS_LABEL)
    except ImageNotFound:
        return None


def find_base(client: docker.DockerClient, wanted: str | None, say: Say) -> str:
    """An image with Python and pip: the wanted one, else the public one, else Debian from its packages."""
    for candidate in [wanted] if wanted else [PUBLIC_BASE, DEBIAN_BASE]:
        if has(client, candidate):
            return candidate
    candidate = wanted or PUBLIC_BASE
    say(f"pulling {candidate}")
    try:
        client.images.pull(candidate)
    except APIError as error:
        if wanted:
            raise ImageError(f"the base image {wanted} is neither here nor to be pulled: {error.explanation}") from error
        say(f"no registry can be reached ({error.explanation}); making {DEBIAN_BASE} from Debian packages")
        return debian_base()
    return candidate


def has(client: docker.DockerClient, tag: str) -> bool:
    """Whether the engine has the image."""
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def debian_base() -> str:
    """Run scripts/debian-base.sh. Raises ImageError."""
    try:
        subprocess.run(["/bin/sh", str(DEBIAN_SCRIPT), DEBIAN_BASE], check=True)
    except subprocess.CalledProcessError as error:
        raise ImageError(f"{DEBIAN_SCRIPT.name} ended with {error.returncode}: see its lines above; or give --base-image") from error
    return DEBIAN_BASE


def python_of(client: docker.DockerClient, base: str) -> tuple[str, str]:
    """Version and machine of the Python in an image, such as ("3.11", "x86_64")."""
    try:
        said = client.containers.run(base, entrypoint=["python3"], command=["-c", ASK_PYTHON], remove=True, network_mode="none")
    except APIError as error:
        raise ImageError(f"{base} has no python3 to run: {error.explanation}; give another --base-image") from error
    version, machine = said.decode().split()
    if machine != platform.machine():
        raise ImageError(f"{base} is for {machine}, this host is {platform.machine()}: give a --base-image for it")
    return version, machine


def assemble(context: Path, name: str, wheels: Path) -> None:
    """The build's context: Dockerfile, pinned requirements, wheels, and for the python image the harness."""
    if wheels.is_dir():
        shutil.copytree(wheels, context / "wheels", copy_function=link_or_copy)
    for file in (HERE / name).iterdir():
        shutil.copy(file, context / file.name)
    for path, content in harness_files(name).items():
        target = context / "lib" / "minjoule" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def link_or_copy(source: str, target: str) -> str:
    """A hard link where the disk allows one: torch's wheel has 190 MB."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy(source, target)
    return target


def run_build(client: docker.DockerClient, context: Path, name: str, base: str, labels: dict[str, str]) -> None:
    """One build by the engine, without network unless Debian packages are due. Raises ImageError with the last lines."""
    try:
        client.images.build(
            path=str(context),
            tag=TAGS[name],
            buildargs={"BASE_IMAGE": base},
            labels=labels,
            network_mode="host" if KINDS[name].networked_build else "none",
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        lines = [str(line.get("stream", line.get("error", ""))).rstrip() for line in error.build_log]
        raise ImageError(f"building {TAGS[name]} failed: {error.msg}\n" + "\n".join(lines[-15:])) from error
    except APIError as error:
        raise ImageError(f"the engine refused to build {TAGS[name]}: {error.explanation}") from error
