"""A box's control group in the unified hierarchy, where the kernel counts events: all that runs in the box is in it."""

from typing import Any

import pytest

from minjoule.meter import MeterFault
from worker.meters.cpu_counters import unified_root


def test_whatever_runs_in_the_box_is_in_its_unified_group(open_box: Any) -> None:
    try:
        root = unified_root()
    except MeterFault as fault:
        pytest.skip(f"unified hierarchy is missing: {fault}")
    run = open_box("time.sleep(0.5)\nreturn b'7'")
    folder = run.box.group_folder
    assert folder is not None
    assert root in folder.parents
    inside = {int(pid) for file in folder.rglob("cgroup.procs") for pid in file.read_text().split()}
    assert len(inside) >= 2  # the engine's init and the harness
    run.answer()
    run.end()
