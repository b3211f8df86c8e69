"""A device host as an organizer sets it up: enrolled, with a worker of its own, metered by a lab meter's file, and on the board."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from minjoule.tracks import shipped
from tests.fakes.lab import Lab
from tests.second_browser import SecondBrowser
from tests.stack import EXAMPLES, Stack, start_stack, with_values

ONE_RUN = {"runs": "1", "target_loss": "0.6"}
METER = """
[[meter]]
kind = "csv"
boundary = "device-wall"
file = "{}"
delta_s = 0.002
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    meters = tmp_path / "meters.toml"
    meters.write_text(METER.format(tmp_path / "lab.csv"))
    settings = {"MINJOULE_WORKER_METERS_FILE": str(meters), "MINJOULE_WORKER_IDLE_S": "0.5", "MINJOULE_WORKER_CONTROL_EVERY": "0"}
    track = with_values(shipped()["webgpu-digits"], ONE_RUN)
    with SecondBrowser(tmp_path / "phone") as phone, Lab(tmp_path / "lab.csv"):
        running = start_stack(
            tmp_path / "platform", "docker", boundary="device-wall", host_class="phones", toml=track, device=phone.url, **settings
        )
        yield running
        running.launcher.stop()


@pytest.mark.chromium
def test_the_example_in_javascript_goes_from_upload_to_a_board_of_a_device(stack: Stack) -> None:
    (run,) = stack.wait_done(stack.submit(EXAMPLES / "webgpu-js"), 200)
    assert run["outcome"] == "FINISHED", run["message"]
    assert (run["boundary"], run["modelled"], run["unsandboxed"]) == ("device-wall", False, False)
    assert run["energy_j"] == pytest.approx(2 * (run["train_s"] + run["score_s"]) / run["boxes"], rel=0.05), "two watts, all the time"
    assert 0 < run["on_host_uj"] < run["energy_uj"]
    (row,) = stack.wait("on the board", lambda: ranked(stack.get("/tracks/webgpu-digits/boards/phones")))
    assert (row["rank"], row["status"], row["name"]) == (1, "QUALIFIED", "MLP in WebGPU, driven by JavaScript")
    verified = stack.minjoule("verify", run["id"])
    assert verified.returncode == 0, verified.stdout
    assert "Modelled, not measured" not in httpx.get(f"{stack.url}/runs/{run['id']}", timeout=30).text


def ranked(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that have a rank."""
    return [row for row in board["entries"] if row["rank"]]
