"""Every attack case of the Python box, the door and the controls, through the front door."""

from collections.abc import Callable, Iterator

import pytest

from tests.attacks.corpus import CASES, Case
from tests.attacks.grounds import PYTHON
from tests.attacks.invariants import Watch, watching
from tests.attacks.play import play

LEAST_CASES = 90
PLAYED = [case for case in CASES if case.ground is PYTHON]


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A platform that judges in Docker."""
    with watching(tmp_path_factory.mktemp("attacks"), PYTHON) as watch:
        yield watch


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= LEAST_CASES
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", PLAYED, ids=[f"{case.group}-{case.name}" for case in PLAYED])
def test_attack(watch: Watch, case: Case, record_property: Callable[[str, object], None]) -> None:
    play(watch, case, record_property)
