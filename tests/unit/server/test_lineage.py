"""Near-identical sources are one lineage; different ones aren't."""

import itertools
import re
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


WEBGPU = Path(__file__).parents[3] / "starter_kit" / "examples" / "webgpu-js"
BRACED = {name: (WEBGPU / name).read_text() for name in ("entry.js", "mlp.wgsl")}
DECLARED = re.compile(r"\b(?:fn|var|let|const|function|override)\b(?:<[^>]*>)?\s+(\w+)")


def renamed(source: str) -> str:
    names = set(DECLARED.findall(source))
    assert len(names) > 10
    return re.sub(r"\b\w+\b", lambda word: f"{word[0]}_b" if word[0] in names else word[0], source)


BRACED_VARIANTS = {
    "a comment a line": lambda source: "".join(f"// line {number}\n{line}\n" for number, line in enumerate(source.splitlines())),
    "a long comment": lambda source: f"/* {source[:300].replace('*/', '')} */\n" + source,
    "names": renamed,
    "constants": lambda source: source.replace("64", "65").replace("0.9", "0.91"),
    "white space": lambda source: source.replace(" ", "  "),
}


@pytest.mark.parametrize("path", BRACED)
@pytest.mark.parametrize("change", BRACED_VARIANTS)
def test_nor_do_they_in_javascript_and_wgsl(path: str, change: str) -> None:
    source = BRACED[path]
    other = BRACED_VARIANTS[change](source)
    assert other != source
    assert likeness(marks_of({path: source.encode()}), marks_of({path: other.encode()})) == 1.0


@pytest.mark.parametrize("example", [path for path in EXAMPLES if "self." in path.read_text()], ids=lambda path: path.parent.name)
def test_attributes_of_the_authors_are_names_too(example: Path) -> None:
    source = example.read_text()
    own = set(re.findall(r"self\.(\w+) = ", source))
    other = re.sub(r"\.(\w+)\b", lambda word: f".{word[1]}_b" if word[1] in own else word[0], source)
    assert other != source
    assert like(source, other) == 1.0


def test_prose_makes_no_stranger_of_it() -> None:
    prose = " ".join(f"word{number} and another" for number in range(3000)).encode()
    assert likeness(marks_of({"entry.py": SOURCE.encode()}), marks_of({"entry.py": SOURCE.encode(), "README.md": prose})) == 1.0


@pytest.mark.parametrize("change", VARIANTS)
def test_what_changes_no_code_changes_no_mark(change: str) -> None:
    assert like(SOURCE, VARIANTS[change]) == 1.0


def test_another_file_name_hides_nothing() -> None:
    assert like(SOURCE, SOURCE, "model.py") == 1.0


def test_a_line_more_is_kin_and_the_manifest_does_not_count() -> None:
    assert KIN <= like(SOURCE, SOURCE + "\nSPARE = [1, 2, 3]\n") < 1.0
    assert marks_of({"entry.toml": b"a", "entry.py": SOURCE.encode()}) == marks_of({"entry.toml": b"b", "entry.py": SOURCE.encode()})


def test_no_two_examples_in_wgsl_are_kin() -> None:
    folders = sorted({path.parent for path in WEBGPU.parent.glob("webgpu-*/*.wgsl")})
    marks = [marks_of({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}) for folder in folders]
    assert len(folders) > 4
    assert all(likeness(one, other) < KIN for one, other in itertools.combinations(marks, 2))


def test_no_two_examples_are_kin() -> None:
    for one, other in itertools.combinations(EXAMPLES, 2):
        assert like(one.read_text(), other.read_text()) < KIN, (one, other)


def test_python_that_does_not_parse_and_plain_text_have_marks() -> None:
    broken = "def train(:\n" * 30
    assert like(broken, broken) == 1.0
    assert marks_of({"notes.txt": b"\xff\x00 odd bytes and words"})
    assert marks_of({}) == []
