"""The lock files agree with what the projects say they need; renewing them is `make lock`."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts.lock import wanted

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


@pytest.mark.parametrize("name", ["uv", "run", "dev"])
def test_every_dependency_is_locked_within_its_bounds(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    locked: dict[str, list[str]] = {}
    for package, version in PINNED.findall(text):
        locked.setdefault(canonical(package), []).append(version)
    for line in wanted()[name]:
        requirement = Requirement(line)
        versions = locked.get(canonical(requirement.name), [])
        assert versions, f"{line} isn't in requirements/{name}.lock: run `make lock`"
        assert all(version in requirement.specifier for version in versions), f"{line} is locked at {versions}: run `make lock`"


@pytest.mark.parametrize("name", ["uv", "run", "dev"])
def test_every_locked_release_has_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    releases = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert releases
    assert [release.split()[0] for release in releases if "--hash=sha256:" not in release] == []


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
