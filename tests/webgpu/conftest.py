"""One browser for all tests of WebGPU."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacking
from tests.webgpu.lab import CHROMIUM, Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    if not Path(CHROMIUM).exists():
        lacking("chromium", "apt-get install chromium")
    with Lab() as made:
        yield made
