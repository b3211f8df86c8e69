"""What machines read: the command and the API say the same."""

import json
from pathlib import Path

import httpx
import pytest

from minjoule.bundle import read_folder
from tests.stack import EXAMPLES, Stack

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]


def test_submit_ends_with_each_runs_id_outcome_loss_and_joules_and_the_board_agrees_with_the_api(stack: Stack) -> None:
    done = stack.minjoule("submit", str(EXAMPLES / "parity-walsh"), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said["runs"]) == 3
    for run in said["runs"]:
        view = stack.get(f"/runs/{run['id']}")
        assert {name: view[name] for name in ("outcome", "loss", "energy_j")} == {
            name: run[name] for name in ("outcome", "loss", "energy_j")
        }
        assert run["outcome"] == "FINISHED"
        assert run["energy_j"] > 0
    host_class = said["runs"][0]["host_class"]
    url = f"{stack.url}/api/v1/tracks/parity/boards/{host_class}"
    stack.wait("the entry is ranked", lambda: any(each["rank"] == 1 for each in httpx.get(url, timeout=10).json()["entries"]), 20)
    board = stack.minjoule("board", "parity", "--json")
    assert json.loads(board.stdout) == httpx.get(url, params={"limit": 50}, timeout=10).json()


def test_try_says_in_json_what_it_says_to_people(stack: Stack) -> None:
    words = ["try", str(EXAMPLES / "parity-walsh"), "--key", "07" * 32, "--seed", "1"]
    machine, people = json.loads(stack.minjoule(*words, "--json").stdout), stack.minjoule(*words)
    assert people.returncode == 0
    assert (machine["outcome"], machine["modelled"], machine["unsandboxed"]) == ("FINISHED", True, True)
    assert f"loss {machine['loss']:.4f}" in people.stdout, "the same instance, the same loss"
    assert "UNSANDBOXED" in people.stdout + people.stderr


def test_two_runs_of_one_honest_entry_on_one_instance_differ_by_the_meters_noise_only(stack: Stack) -> None:
    words = ["try", str(EXAMPLES / "digits-mlp"), "--key", "07" * 32, "--seed", "1", "--json"]
    one, other = (json.loads(stack.minjoule(*words).stdout) for _ in range(2))
    assert one["loss"] == other["loss"]
    assert abs(one["energy_j"] - other["energy_j"]) < 0.5 * max(one["energy_j"], other["energy_j"]), (
        "CPU time on a busy machine: noisy, not wild"
    )


@pytest.mark.parametrize("example", sorted(path.parent.name for path in EXAMPLES.glob("*/entry.toml")))
def test_each_example_has_figures_and_a_command_that_exists(example: str) -> None:
    text = (EXAMPLES / example / "README.md").read_text()
    assert " J " in text
    assert f"minjoule try starter_kit/examples/{example}" in text
    assert read_folder(EXAMPLES / example).manifest.name


def test_a_real_run_is_verified_on_line_and_from_a_folder_and_a_changed_byte_fails(stack: Stack, tmp_path: Path) -> None:
    done = stack.minjoule("submit", str(EXAMPLES / "parity-walsh"), "--json")
    run, saved = json.loads(done.stdout.splitlines()[-1])["runs"][0]["id"], tmp_path / "saved"
    first = stack.minjoule("verify", run, "--save", str(saved))
    assert first.returncode == 0, first.stdout + first.stderr
    assert "added up again from the raw readings" in first.stdout
    assert stack.minjoule("verify", str(saved)).returncode == 0
    for name, part in (("trace.json.gz", "trace"), ("log", "log"), ("record.json", "record"), ("run.json", "run")):
        content = (saved / name).read_bytes()
        (saved / name).write_bytes(content + b"\x00")
        changed = stack.minjoule("verify", str(saved), "--json")
        assert changed.returncode == 1
        assert part in [check["name"] for check in json.loads(changed.stdout)["checks"] if not check["ok"]]
        (saved / name).write_bytes(content)
