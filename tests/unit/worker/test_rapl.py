"""RAPL on a fake powercap tree: which zones count, how they wrap, and what a silent one says."""

from pathlib import Path

import pytest

from minjoule.meter import CpuTimeMeter, MeterFault
from minjoule.window import Trace, Window, energy_uj
from tests.fakes.box import FakeBox
from worker.meters import meter_for
from worker.meters.rapl import RaplMeter

RANGE_UJ = 1000
ANY_BOX = FakeBox.__new__(FakeBox)


def zone(folder: Path, name: str, energy_uj: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ - 1}\n")
    return folder / "energy_uj"


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Path]:
    package = tmp_path / "intel-rapl:0"
    return {
        "package": zone(package, "package-0", 900),
        "core": zone(package / "intel-rapl:0:0", "core", 1),
        "uncore": zone(package / "intel-rapl:0:1", "uncore", 1),
        "dram": zone(package / "intel-rapl:0:2", "dram", 10),
        "psys": zone(tmp_path / "intel-rapl:1", "psys", 1),
        "mmio": zone(tmp_path / "intel-rapl-mmio:0", "package-0", 900),
    }


def spend(tree: dict[str, Path], zone_name: str, raw: int) -> None:
    tree[zone_name].write_text(f"{raw}\n")


def test_packages_and_dram_count_and_what_is_inside_or_double_does_not(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path)
    assert [channel.name for channel in meter.channels] == ["package-0", "package-0-dram"]
    assert meter.facts.boundary == "node-cpu"
    assert not meter.facts.modelled


def test_a_second_socket_is_added(tmp_path: Path, tree: dict[str, Path]) -> None:
    zone(tmp_path / "intel-rapl:2", "package-1", 5)
    assert [channel.name for channel in RaplMeter(tmp_path).channels] == ["package-0", "package-0-dram", "package-1"]


def test_a_counter_that_wraps_goes_on(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path)
    readings = meter.read(ANY_BOX)
    spend(tree, "package", 100)  # from 900 over 999 to 0 and on: 200
    spend(tree, "dram", 17)
    for ignored in ("core", "uncore", "psys", "mmio"):
        spend(tree, ignored, 555)
    readings += meter.read(ANY_BOX)
    assert energy_uj(Trace(Window(0, 1), "rapl", meter.channels, readings)) == 200 + 7


def test_without_a_package_zone_there_is_no_meter(tmp_path: Path) -> None:
    zone(tmp_path / "intel-rapl:0", "psys", 1)
    with pytest.raises(MeterFault, match="no RAPL package zone"):
        RaplMeter(tmp_path)


def test_a_zone_that_vanishes_voids_the_run(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path)
    tree["dram"].unlink()
    with pytest.raises(MeterFault, match="gave no reading"):
        meter.read(ANY_BOX)


def test_a_zone_that_says_nonsense_voids_the_run(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path)
    tree["package"].write_text("")
    with pytest.raises(MeterFault, match="gave no reading"):
        meter.read(ANY_BOX)


def test_a_boundary_chooses_its_meter_and_an_unknown_one_has_none(tmp_path: Path, tree: dict[str, Path]) -> None:
    assert isinstance(meter_for("modelled-cpu-time", tmp_path), CpuTimeMeter)
    assert isinstance(meter_for("node-cpu", tmp_path), RaplMeter)
    with pytest.raises(MeterFault, match="device-wall"):
        meter_for("device-wall", tmp_path)
