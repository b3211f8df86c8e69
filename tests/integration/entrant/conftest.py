"""One platform for all of the entrant's mistakes: production's processes, judging in the local box."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import bundle_of
from tests.stack import Stack, start_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = start_stack(tmp_path_factory.mktemp("entrant"), "local", MINJOULE_QUOTA_RUNS_PER_DAY="60")
    yield running
    running.launcher.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with a good entry, and the given files instead of its own; None removes one."""

    def make(track: str = "parity", **files: bytes | str | None) -> Path:
        place = tmp_path / "entry"
        bundle_of(track, name=f"entry of {tmp_path.name}").write_to(place)
        for name, content in files.items():
            path = place / name.replace("__", "/")
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    return make
