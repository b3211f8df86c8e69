"""The house: no module or function past its size, and some calls in one home only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("server", "worker", "sandbox", "starter_kit/minjoule") for path in sorted((ROOT / folder).rglob("*.py"))]
MODULE_LINES, FUNCTION_LINES, CLASS_LINES, TEST_LINES = 400, 60, 300, 400
EXCUSED: dict[str, str] = {}
"""Path to a dated reason."""
HOMES = {
    "os.environ": {"server/demo.py", "server/launcher.py", "starter_kit/minjoule/client.py", "starter_kit/minjoule/local_box.py"}
    | {"starter_kit/minjoule/harness/__main__.py", "starter_kit/minjoule/local_keeper.py", "starter_kit/minjoule/problems/datasets.py"},
    "datetime.now": {"server/clock.py"},
    "dt.datetime.now": {"server/clock.py"},
    "time.time": {"sandbox/lifetime.py"},  # a deadline that another process reads
}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def lengths(kinds: tuple[type[ast.AST], ...]) -> Iterator[tuple[int, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, kinds):
                yield node.end_lineno - node.lineno + 1, f"{named(path)}:{node.name}"  # type: ignore[attr-defined]


def test_no_module_is_past_its_size() -> None:
    sizes = sorted(((len(path.read_text().splitlines()), named(path)) for path in SOURCES), reverse=True)
    print("\n".join(f"{lines:5} {name}" for lines, name in sizes[:10]))
    assert [(lines, name) for lines, name in sizes if lines > MODULE_LINES and name not in EXCUSED] == []


def test_no_function_is_past_its_size() -> None:
    found = sorted(lengths((ast.FunctionDef, ast.AsyncFunctionDef)), reverse=True)
    print("\n".join(f"{lines:5} {name}" for lines, name in found[:10]))
    assert [(lines, name) for lines, name in found if lines > FUNCTION_LINES] == []


def test_no_class_is_past_its_size() -> None:
    assert [(lines, name) for lines, name in lengths((ast.ClassDef,)) if lines > CLASS_LINES] == []


def test_no_test_file_is_past_its_size() -> None:
    sizes = [(len(path.read_text().splitlines()), named(path)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert [(lines, name) for lines, name in sizes if lines > TEST_LINES] == []


@pytest.mark.parametrize("call", HOMES)
def test_a_call_stays_in_its_home(call: str) -> None:
    strays = {named(path) for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if dotted(node) == call}
    assert strays - HOMES[call] == set()


def test_only_the_session_module_commits() -> None:
    strays = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                strays.add(named(path))
    assert strays == {"server/db/session.py"}


def test_there_is_no_room_for_everything() -> None:
    names = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & {"utils", "helpers", "common", "misc"} == set()
