"""A schedule of WGSL from upload to signed record on a host that counts: and JavaScript is refused there, in words."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser_box import need_image
from tests.stack import EXAMPLES, Stack, start_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    need_image()
    running = start_stack(tmp_path_factory.mktemp("webgpu"), "docker", boundary="modelled-wgsl")
    yield running
    running.launcher.stop()


@pytest.mark.docker
def test_a_schedule_is_judged_by_what_was_counted(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "mlp"
    shutil.copytree(EXAMPLES / "webgpu-mlp", folder)
    schedule = folder / "schedule.json"
    assert '"loop": 500' in schedule.read_text()
    schedule.write_text(schedule.read_text().replace('"loop": 500', '"loop": 2'))
    runs = stack.wait_done(stack.submit(folder), 200)
    assert {run["outcome"] for run in runs} == {"FINISHED"}, [run["message"] for run in runs]
    assert all(run["energy_j"] > 0 for run in runs)
    verified = stack.minjoule("verify", runs[0]["id"])
    assert verified.returncode == 0, verified.stdout
    page = httpx.get(f"{stack.url}/runs/{runs[0]['id']}", timeout=30).text
    assert "Where the joules go" in page
    assert "Modelled, not measured" in page


@pytest.mark.docker
def test_javascript_is_refused_where_only_wgsl_is_counted(stack: Stack) -> None:
    done = stack.minjoule("submit", str(EXAMPLES / "webgpu-js"), "--no-follow")
    assert done.returncode == 1
    assert "JavaScript (entry.js) would be free there" in done.stderr
    assert "schedule.json" in done.stderr
