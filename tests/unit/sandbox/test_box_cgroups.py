"""Control groups, both versions, on fake trees shaped like the kernel's."""

from pathlib import Path

import pytest

from minjoule.box import BoxFault
from sandbox import cgroups
from sandbox.cgroups import SliceGroup, V1Group, V2Group


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    for controller in ("cpuacct", "memory", "pids", "devices", "unified"):
        (tmp_path / controller).mkdir()
    return tmp_path


def test_version_1_is_made_where_we_count_and_removed_everywhere(v1: Path) -> None:
    group = V1Group("minjoule/h/box", v1)
    group.create()
    assert {path.parts[-4] for path in v1.glob("*/minjoule/h/box")} == {"cpuacct", "memory", "pids"}
    (v1 / "devices/minjoule/h/box").mkdir(parents=True)
    (v1 / "cpuacct/minjoule/h/box/left").mkdir()
    group.remove()
    group.remove()
    assert list(v1.glob("*/minjoule/h/box")) == []


def test_version_1_counters_are_read_in_their_units(v1: Path) -> None:
    group = V1Group("minjoule/h/box", v1)
    write(v1 / "cpuacct/minjoule/h/box/cpuacct.usage", "123456789\n")
    write(v1 / "pids/minjoule/h/box/pids.current", "2\n")
    write(v1 / "memory/minjoule/h/box/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    write(v1 / "memory/minjoule/h/box/container/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    assert (group.cpu_ns(), group.empty(), group.oom_kills()) == (123456789, False, 3)
    write(v1 / "pids/minjoule/h/box/pids.current", "0\n")
    assert group.empty()
    assert group.engine_name == "/minjoule/h/box"


def test_version_2_counters_are_read_in_their_units(tmp_path: Path) -> None:
    group = V2Group("minjoule/h/box", tmp_path)
    group.create()
    folder = tmp_path / "minjoule/h/box"
    write(folder / "cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 0\n")
    write(folder / "cgroup.events", "populated 1\nfrozen 0\n")
    assert (group.cpu_ns(), group.empty(), group.oom_kills()) == (1_500_000, False, 0)
    write(folder / "cgroup.events", "populated 0\nfrozen 0\n")
    write(folder / "memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n")
    assert (group.empty(), group.oom_kills()) == (True, 1)


def test_a_slice_nests_by_dashes_and_has_none_in_its_parts(tmp_path: Path) -> None:
    group = SliceGroup("minjoule/host-7/ab12", tmp_path)
    assert group.engine_name == "minjoule-host_7-ab12.slice"
    write(tmp_path / "minjoule.slice/minjoule-host_7.slice/minjoule-host_7-ab12.slice/cpu.stat", "usage_usec 2\n")
    assert group.cpu_ns() == 2000


def test_leftovers_are_found_in_every_way_of_naming(v1: Path) -> None:
    V1Group("minjoule/h/one", v1).create()
    V2Group("minjoule/h/two", v1).create()
    V1Group("minjoule/other/three", v1).create()
    (v1 / "minjoule.slice/minjoule-h.slice/minjoule-h-four.slice").mkdir(parents=True)
    assert cgroups.leftovers("h", v1) == {"minjoule/h/one", "minjoule/h/two", "minjoule/h/four"}


def test_a_counter_that_is_gone_is_our_fault(v1: Path) -> None:
    with pytest.raises(BoxFault, match=r"cpuacct\.usage"):
        V1Group("minjoule/h/gone", v1).cpu_ns()


@pytest.mark.parametrize(
    ("version", "driver", "kind"), [("1", "cgroupfs", V1Group), ("2", "cgroupfs", V2Group), ("2", "systemd", SliceGroup)]
)
def test_the_kind_of_group_follows_the_engine(version: str, driver: str, kind: type) -> None:
    assert cgroups.group_class(version, driver) is kind


def test_version_1_under_systemd_is_refused_with_the_remedy() -> None:
    with pytest.raises(BoxFault, match=r"native\.cgroupdriver=cgroupfs"):
        cgroups.group_class("1", "systemd")
