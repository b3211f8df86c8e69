"""The kinds of box by a track's image name: what of ours is in the image, what runs in it, and which room it needs beyond the track's.

A new image is one row here and a folder in ``sandbox/images/``. Every other setting is the same for all.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.seccomp import browser_profile, python_profile

LIB = "/opt/minjoule/lib/minjoule"


@dataclass(frozen=True, slots=True)
class BoxKind:
    """One kind of box.

    Attributes:
        tag: the engine's name of the image.
        sources: what of our package goes in: files, and folders with everything below.
        harness: the main process's file in the image.
        profile: gives the syscall profile, JSON.
        needs_namespaces: the browser's own sandbox makes user namespaces, so the profile lets the calls for them through.
        shm_bytes: size of /dev/shm.
        open_files: descriptors a process.
        networked_build: Debian packages are fetched while the image is built.
    """

    tag: str
    sources: tuple[str, ...]
    harness: str
    profile: Callable[[], str]
    needs_namespaces: bool = False
    shm_bytes: int = 64 << 20
    open_files: int = 1024
    networked_build: bool = False


PYTHON_SOURCES = ("__init__.py", "contract.py", "protocol.py", "harness")
KINDS = {
    "python": BoxKind("minjoule/python:local", PYTHON_SOURCES, f"{LIB}/harness/__main__.py", python_profile),
    "torch": BoxKind("minjoule/torch:local", PYTHON_SOURCES, f"{LIB}/harness/__main__.py", python_profile),
    "webgpu": BoxKind(
        tag="minjoule/webgpu:local",
        sources=("__init__.py", "protocol.py", "browser_harness", "webgpu"),
        harness=f"{LIB}/browser_harness/__main__.py",
        profile=browser_profile,
        needs_namespaces=True,
        shm_bytes=256 << 20,
        open_files=4096,
        networked_build=True,
    ),
}
