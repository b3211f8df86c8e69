"""Fills a wheel folder on the host for an image's Python, pinned by hash, so that the build itself needs no network."""

import subprocess
import sys
from pathlib import Path

MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


class WheelError(Exception):
    """pip couldn't fetch what is pinned."""


def fill(folder: Path, requirements: Path, python_version: str, machine: str, extra_index: str | None = None) -> None:
    """Fetch every pinned wheel that the folder doesn't have yet. Raises WheelError.

    Args:
        folder: where the wheels go; when it has them all, no network is asked.
        requirements: a requirements file with versions and hashes.
        python_version: of the image, such as ``3.11``.
        machine: of the image, such as ``x86_64``.
        extra_index: another package index to look in, such as PyTorch's for CPU builds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--python-version", python_version, "--implementation", "cp", "--dest", str(folder), "-r", str(requirements)]
    for tag in MANYLINUX:
        command += ["--platform", f"{tag}_{machine}"]
    if not run([*command, "--no-index", "--find-links", str(folder)]).returncode:
        return
    done = run([*command, *(["--extra-index-url", extra_index] if extra_index else [])])
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-5:]
        raise WheelError(f"pip found no pinned wheels for Python {python_version} on {machine}:\n" + "\n".join(errors))


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run pip, keeping what it says."""
    return subprocess.run(command, capture_output=True, text=True, check=False)
