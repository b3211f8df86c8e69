"""What the demo's joules cover: counted work where that can be counted, else CPU time; either is said to be modelled."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server import demo

COUNTED = {"name": "cpu-counters", "accepted": True, "said": "micro-ops"}
NO_PMU = {"name": "cpu-counters", "accepted": False, "said": "the processor's counters aren't there"}
CASES: dict[str, tuple[str, list[dict[str, Any]], str, str]] = {
    "the probe passes": ("docker", [{"name": "cpu-time", "accepted": True, "said": ""}, COUNTED], "modelled-cpu", "counted work"),
    "no PMU": ("docker", [NO_PMU], "modelled-cpu-time", "counters aren't there"),
    "no sandbox": ("local", [COUNTED], "modelled-cpu-time", "no control group"),
    "no answer": ("docker", [], "modelled-cpu-time", "didn't answer"),
}


@pytest.mark.parametrize(("box", "meters", "boundary", "said"), CASES.values(), ids=CASES.keys())
def test_the_demos_boundary_where(
    box: str, meters: list[dict[str, Any]], boundary: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.choose_boundary(box, meters) == boundary
    out = capsys.readouterr().out
    assert said in out
    assert "not measured" in out


def test_the_worker_is_asked_and_a_broken_one_answers_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = demo.ask_doctor({"MINJOULE_WORKER_DATA_DIR": str(tmp_path), "MINJOULE_WORKER_POWERCAP_ROOT": str(tmp_path)})
    assert "cpu-counters" in [each["name"] for each in found]

    def broken(*words: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 0, "no JSON", "")

    monkeypatch.setattr(subprocess, "run", broken)
    assert demo.ask_doctor({}) == []
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(broken(sys.executable).stdout)
