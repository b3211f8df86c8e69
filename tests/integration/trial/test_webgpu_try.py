"""``minjoule try`` for a browser's entry: the judge's own harness page and gate in the local Chromium."""

import json
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from minjoule.box import BoxFault
from minjoule.cli.main import app
from minjoule.local_harness import find_browser
from tests.conftest import lacking
from worker.scratch import Scratch

RUNNER = CliRunner()


@pytest.mark.parametrize("worker", [False, True])
def test_the_template_runs_in_the_local_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, worker: bool) -> None:
    try:
        find_browser()
    except BoxFault as error:
        lacking("chromium", str(error))
    if worker:  # whose scratch folder makes every path longer, and a Unix socket's has a limit
        monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        Scratch(tmp_path, 0)
    folder = tmp_path / "mine"
    assert RUNNER.invoke(app, ["init", str(folder), "--webgpu"]).exit_code == 0
    done = RUNNER.invoke(app, ["try", str(folder), "--json"])
    assert done.stdout, f"{done.stderr} {done.exception}"
    told = json.loads(done.stdout)
    assert (told["outcome"], told["boundary"]) == ("FINISHED", "modelled-cpu-time"), told["message"]
    assert 3 < told["loss"] < 3.5
    assert told["energy_j"] > 0
    assert "counted 4490 symbols" in told["log"]
