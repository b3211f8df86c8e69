"""Near-identical sources are one lineage; different ones aren't."""

import itertools
from pathlib import Path

import pytest

from server.domain.lineage import KIN, likeness, marks_of

EXAMPLES = sorted((Path(__file__).parents[3] / "starter_kit" / "examples").glob("*/entry.py"))
SOURCE = next(path for path in EXAMPLES if path.parent.name == "digits-mlp").read_text()


def like(one: str, other: str, path: str = "entry.py") -> float:
    return likeness(marks_of({"entry.py": one.encode()}), marks_of({path: other.encode()}))


VARIANTS = {
    "comments": "# another\n" + SOURCE.replace("\n", "  # why not\n", 1),
    "white space": SOURCE.replace("\n\n", "\n\n\n\n"),
    "constants": SOURCE.replace("0.", "0.0").replace("64", "65"),
    "a docstring": SOURCE + '\n"""Quite different."""\n',
    "names": SOURCE.replace("train", "train").replace("weights", "gewichte").replace("hidden", "verborgen").replace("data", "daten"),
}


@pytest.mark.parametrize("change", VARIANTS)
def test_what_changes_no_code_changes_no_mark(change: str) -> None:
    assert like(SOURCE, VARIANTS[change]) == 1.0


def test_another_file_name_hides_nothing() -> None:
    assert like(SOURCE, SOURCE, "model.py") == 1.0


def test_a_line_more_is_kin_and_the_manifest_does_not_count() -> None:
    assert KIN <= like(SOURCE, SOURCE + "\nSPARE = [1, 2, 3]\n") < 1.0
    assert marks_of({"entry.toml": b"a", "entry.py": SOURCE.encode()}) == marks_of({"entry.toml": b"b", "entry.py": SOURCE.encode()})


def test_no_two_examples_are_kin() -> None:
    for one, other in itertools.combinations(EXAMPLES, 2):
        assert like(one.read_text(), other.read_text()) < KIN, (one, other)


def test_python_that_does_not_parse_and_plain_text_have_marks() -> None:
    broken = "def train(:\n" * 30
    assert like(broken, broken) == 1.0
    assert marks_of({"notes.txt": b"\xff\x00 odd bytes and words"})
    assert marks_of({}) == []
