"""RAPL on a fake powercap tree: which zones count, how they wrap, and what a silent one says."""

from pathlib import Path

import pytest

from minjoule.meter import MeterFault
from minjoule.window import counts
from tests.fakes.box import FakeBox
from worker.meters.rapl import RaplMeter
from worker.meters.timing import Timing

RANGE_UJ = 1000
TIMING = Timing(1_000_000, 50_000)
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
    meter = RaplMeter(tmp_path, TIMING)
    assert [channel.name for channel in meter.channels] == ["rapl/package-0", "rapl/package-0-dram"]
    assert meter.facts.boundary == "node-cpu"
    assert not meter.facts.modelled


def test_a_second_socket_is_added(tmp_path: Path, tree: dict[str, Path]) -> None:
    zone(tmp_path / "intel-rapl:2", "package-1", 5)
    assert [channel.name for channel in RaplMeter(tmp_path, TIMING).channels] == ["rapl/package-0", "rapl/package-0-dram", "rapl/package-1"]


def test_a_counter_that_wraps_goes_on(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path, TIMING)
    readings = meter.read(ANY_BOX)
    spend(tree, "package", 100)  # from 900 over 999 to 0 and on: 200
    spend(tree, "dram", 17)
    for ignored in ("core", "uncore", "psys", "mmio"):
        spend(tree, ignored, 555)
    readings += meter.read(ANY_BOX)
    by_channel = [[each.raw for each in readings if each.channel == channel.name] for channel in meter.channels]
    assert [counts(channel, raws) for channel, raws in zip(meter.channels, by_channel, strict=True)] == [200, 7]


def test_without_a_package_zone_there_is_no_meter(tmp_path: Path) -> None:
    zone(tmp_path / "intel-rapl:0", "psys", 1)
    with pytest.raises(MeterFault, match="no RAPL package zone"):
        RaplMeter(tmp_path, TIMING)


def test_a_zone_that_vanishes_voids_the_run(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path, TIMING)
    tree["dram"].unlink()
    with pytest.raises(MeterFault, match="gave no reading"):
        meter.read(ANY_BOX)


def test_a_zone_that_says_nonsense_voids_the_run(tmp_path: Path, tree: dict[str, Path]) -> None:
    meter = RaplMeter(tmp_path, TIMING)
    tree["package"].write_text("")
    with pytest.raises(MeterFault, match="gave no reading"):
        meter.read(ANY_BOX)
