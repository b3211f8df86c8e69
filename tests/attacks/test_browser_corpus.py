"""The browser row of the attack corpus: each case through the front door, with its verdict, and an honest entry after all of them."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from minjoule import tracks as shipped
from server import clock
from server.db.session import Database
from server.tracks import service as tracks
from tests.browser_box import need_image
from tests.stack import EXAMPLES, Stack, start_stack

CASES = sorted(path.parent for path in Path(__file__).parent.glob("browser_cases/*/verdict.toml"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform that judges in the browser's box, with a track of one short run."""
    need_image()
    running = start_stack(tmp_path_factory.mktemp("browser-attacks"), "docker", MINJOULE_QUOTA_RUNS_PER_DAY="1000")
    add_track(running, quick_track())
    yield running
    running.launcher.stop()


def quick_track() -> str:
    """webgpu-parity with one run and a cap of a few seconds."""
    text = shipped.shipped()["webgpu-parity"]
    for key, value in {"slug": '"webgpu-quick"', "runs": "1", "wall_s": "8", "memory_bytes": "1073741824"}.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    return text


def add_track(stack: Stack, toml: str) -> None:
    database = Database(stack.environment["MINJOULE_DATABASE_URL"])
    with database.session() as session:
        tracks.apply_track(session, toml, clock.now())
    database.close()


def words(declared: dict[str, Any], key: str) -> list[str]:
    said = declared.get(key, [])
    return [said] if isinstance(said, str) else said


@pytest.mark.docker
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_attack_in_the_browser(stack: Stack, case: Path) -> None:
    declared = tomllib.loads((case / "verdict.toml").read_text())
    (run,) = stack.wait_done(stack.submit(case / "bundle"))
    assert run["state"] == "DONE", run["attempts"]
    assert len(run["attempts"]) == 1, f"an entrant's act is never our fault: {run['attempts']}"
    log = httpx.get(f"{stack.url}/api/v1/runs/{run['id']}/log", timeout=10).text
    assert run["outcome"] in declared["outcomes"], f"{run['message']}\n{log}"
    for wanted in words(declared, "message_must_hold"):
        assert wanted in run["message"]
    for wanted in words(declared, "log_must_hold"):
        assert wanted in log
    for unwanted in words(declared, "log_must_not_hold"):
        assert unwanted not in log


@pytest.mark.docker
def test_an_honest_entry_has_its_usual_verdict_after_all_that(stack: Stack, tmp_path: Path) -> None:
    honest = tmp_path / "honest"
    shutil.copytree(EXAMPLES / "webgpu-js", honest)
    entry = honest / "entry.js"
    entry.write_text(entry.read_text().replace("EPOCHS = 13", "EPOCHS = 2"))
    manifest = honest / "entry.toml"
    manifest.write_text(manifest.read_text().replace("webgpu-digits", "webgpu-quick"))
    (run,) = stack.wait_done(stack.submit(honest))
    assert (run["outcome"], len(run["attempts"])) == ("FINISHED", 1), run["message"]
    assert run["energy_j"] > 0


@pytest.mark.docker
def test_python_is_refused_at_the_door_of_a_webgpu_track(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "python"
    shutil.copytree(EXAMPLES / "parity-walsh", folder)
    manifest = folder / "entry.toml"
    manifest.write_text(manifest.read_text().replace('"parity"', '"webgpu-quick"'))
    done = stack.minjoule("submit", str(folder), "--no-follow")
    assert done.returncode == 1
    assert "this track runs in a browser" in done.stderr
