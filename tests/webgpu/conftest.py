"""One browser for the tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacking
from tests.webgpu.lab import CHROMIUM, Lab


@pytest.fixture(scope="module")  # no longer: one process drives one Playwright at a time
def lab() -> Iterator[Lab]:
    if not Path(CHROMIUM).exists():
        lacking("chromium", "apt-get install chromium")
    with Lab() as made:
        yield made
