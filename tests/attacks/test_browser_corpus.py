"""The browser row of the attack corpus: each case through the front door, with the same invariants as the rest."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attacks.corpus import CASES, Case
from tests.attacks.grounds import BROWSER
from tests.attacks.invariants import Watch, watching
from tests.attacks.play import play
from tests.browser_box import need_image
from tests.stack import EXAMPLES

PLAYED = [case for case in CASES if case.ground is BROWSER]


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A platform that judges in the browser's box."""
    need_image()
    with watching(tmp_path_factory.mktemp("browser-attacks"), BROWSER) as watch:
        yield watch


@pytest.mark.docker
@pytest.mark.parametrize("case", PLAYED, ids=[case.name for case in PLAYED])
def test_attack_in_the_browser(watch: Watch, case: Case, record_property: Callable[[str, object], None]) -> None:
    play(watch, case, record_property)


@pytest.mark.docker
def test_python_is_refused_at_the_door_of_a_webgpu_track(watch: Watch, tmp_path: Path) -> None:
    folder = tmp_path / "python"
    shutil.copytree(EXAMPLES / "parity-walsh", folder)
    manifest = folder / "entry.toml"
    manifest.write_text(manifest.read_text().replace('"parity"', f'"{BROWSER.slug}"'))
    done = watch.arena.stack.minjoule("submit", str(folder), "--no-follow")
    assert done.returncode == 1
    assert "this track runs in a browser" in done.stderr
