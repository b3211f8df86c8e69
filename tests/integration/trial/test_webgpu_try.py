"""``minjoule try`` for a browser's entry: the judge's own harness page and gate in the local Chromium."""

import json
from pathlib import Path

from typer.testing import CliRunner

from minjoule.box import BoxFault
from minjoule.cli.main import app
from minjoule.local_harness import find_browser
from tests.conftest import lacking

RUNNER = CliRunner()


def test_the_template_runs_in_the_local_browser(tmp_path: Path) -> None:
    try:
        find_browser()
    except BoxFault as error:
        lacking("chromium", str(error))
    folder = tmp_path / "mine"
    assert RUNNER.invoke(app, ["init", str(folder), "--webgpu"]).exit_code == 0
    done = RUNNER.invoke(app, ["try", str(folder), "--json"])
    told = json.loads(done.stdout)
    assert (told["outcome"], told["boundary"]) == ("FINISHED", "modelled-cpu-time"), told["message"]
    assert 3 < told["loss"] < 3.5
    assert told["energy_j"] > 0
    assert "counted 4490 symbols" in told["log"]
