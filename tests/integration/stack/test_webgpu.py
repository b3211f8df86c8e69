"""A schedule of WGSL from upload to signed record on a host that counts: and JavaScript is refused there, in words."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from minjoule.tracks import shipped
from tests.browser_box import need_image
from tests.stack import EXAMPLES, Stack, start_stack, with_values

# webgpu-digits with one run and a target that one draw's chance doesn't miss: what's judged is the example at its full length.
ONE_RUN = {"runs": "1", "target_loss": "0.6"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    need_image()
    track = with_values(shipped()["webgpu-digits"], ONE_RUN)
    running = start_stack(tmp_path_factory.mktemp("webgpu"), "docker", boundary="modelled-wgsl", host_class="counted", toml=track)
    yield running
    running.launcher.stop()


@pytest.mark.docker
def test_the_twins_go_from_upload_to_the_board_at_full_length_and_tiling_costs_less(stack: Stack) -> None:
    plain, tiled = (run for name in ("webgpu-mlp", "webgpu-mlp-tiled") for run in stack.wait_done(stack.submit(EXAMPLES / name), 200))
    assert {plain["outcome"], tiled["outcome"]} == {"FINISHED"}, (plain["message"], tiled["message"])
    assert abs(plain["loss"] - tiled["loss"]) < 6 * 0.042, "the same learner on two draws: no further apart than sigma allows"
    assert 0 < tiled["energy_j"] < plain["energy_j"]
    board = stack.wait("both on the board", lambda: both(stack.get("/tracks/webgpu-digits/boards/counted")))
    assert [(row["rank"], row["status"], row["name"]) for row in board] == [
        (1, "QUALIFIED", "WGSL MLP, tiled"),
        (2, "QUALIFIED", "WGSL MLP"),
    ]
    verified = stack.minjoule("verify", plain["id"])
    assert verified.returncode == 0, verified.stdout
    page = httpx.get(f"{stack.url}/runs/{plain['id']}", timeout=30).text
    assert "Where the joules go" in page
    assert "Modelled, not measured" in page


def both(board: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows, once there are two with a rank."""
    rows: list[dict[str, Any]] = board["entries"]
    return rows if len([row for row in rows if row["rank"]]) == 2 else None


@pytest.mark.docker
def test_javascript_is_refused_where_only_wgsl_is_counted(stack: Stack) -> None:
    done = stack.minjoule("submit", str(EXAMPLES / "webgpu-js"), "--no-follow")
    assert done.returncode == 1
    assert "JavaScript (entry.js) would be free there" in done.stderr
    assert "schedule.json" in done.stderr
