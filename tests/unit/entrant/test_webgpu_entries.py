"""Entries for a browser: which entrypoint fits which track, the template, and schedules checked at the door."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from minjoule import entrypoints
from minjoule.bundle import BundleError, check, read_folder
from minjoule.cli.main import app
from tests.stack import EXAMPLES

RUNNER = CliRunner()


def example(name: str) -> dict[str, bytes]:
    return dict(read_folder(EXAMPLES / name).files)


@pytest.mark.parametrize(
    ("image", "entrypoint", "said"),
    [
        ("webgpu", "entry.py", "this track runs in a browser"),
        ("python", "entry.js", "this track runs Python"),
        ("torch", "schedule.json", "this track runs Python"),
    ],
)
def test_an_entrypoint_of_the_wrong_kind_is_refused(image: str, entrypoint: str, said: str) -> None:
    assert said in (entrypoints.refusal(image, entrypoint) or "")


@pytest.mark.parametrize(("image", "entrypoint"), [("webgpu", "entry.js"), ("webgpu", "schedule.json"), ("python", "entry.py")])
def test_an_entrypoint_of_the_right_kind_is_taken(image: str, entrypoint: str) -> None:
    assert entrypoints.refusal(image, entrypoint) is None


def test_javascript_competes_wherever_it_is_billed() -> None:
    assert not entrypoints.competes("entry.js", "modelled-wgsl")
    assert entrypoints.competes("entry.js", "modelled-cpu-time")
    assert entrypoints.competes("schedule.json", "modelled-wgsl")


def test_init_makes_an_admissible_entry_for_a_browser(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["init", str(tmp_path / "mine"), "--webgpu"])
    assert done.exit_code == 0, done.output
    bundle = read_folder(tmp_path / "mine")
    assert (bundle.manifest.track, bundle.manifest.entrypoint) == ("webgpu-digits", "entry.js")
    assert set(bundle.files) == {"entry.toml", "entry.js", "count.wgsl"}


def test_init_refuses_a_browser_for_a_python_track(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["init", str(tmp_path / "mine"), "--webgpu", "--track", "digits"])
    assert done.exit_code == 2


def test_javascript_beside_a_schedule_is_refused() -> None:
    with pytest.raises(BundleError, match=r"helper\.js is JavaScript, and schedule\.json is carried out without any"):
        check(example("webgpu-mlp") | {"helper.js": b"export const x = 1;\n"})


def test_a_wrong_schedule_is_refused_with_its_line() -> None:
    files = example("webgpu-mlp")
    with pytest.raises(BundleError, match=r"schedule\.json, line \d+"):
        check(files | {"schedule.json": files["schedule.json"].replace(b'"version"', b'"virsion"')})
