"""AMD's accumulators: exact counts, and what isn't taken on trust."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from minjoule.meter import MeterFault, Reason
from tests.fakes.amd import FakeAmdsmi
from tests.fakes.powercap import Powercap
from worker.meters import Cabinet, meter_for
from worker.meters.amdsmi import MOST_UNKNOWN_UW, AmdsmiMeter
from worker.meters.timing import Timing

TIMING = Timing(1_000_000, 100_000)


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> FakeAmdsmi:
    fake = FakeAmdsmi()
    monkeypatch.setitem(sys.modules, "amdsmi", fake)
    return fake


def test_a_count_is_an_exact_ratio_of_microjoules_and_the_accumulator_wraps_at_64_bits(boards: FakeAmdsmi) -> None:
    (channel,) = AmdsmiMeter(timing=TIMING).channels
    assert (channel.uj_numerator, channel.uj_denominator, channel.wraps_at) == (153, 10, 2**64)
    assert (channel.most_uw, channel.gain_ppm) == (1_500_000_000, None)
    boards.cap_uw = 0
    assert AmdsmiMeter(timing=TIMING).channels[0].most_uw == MOST_UNKNOWN_UW


def test_the_older_packages_name_of_the_accumulator_is_known(boards: FakeAmdsmi) -> None:
    boards.key = "power"
    assert AmdsmiMeter(timing=TIMING).read(None)[0].raw > 0  # type: ignore[arg-type]


def strangers(boards: FakeAmdsmi) -> None:
    boards.pids = (1,)


REFUSED: dict[str, tuple[Callable[[FakeAmdsmi], None], Reason, str]] = {
    "a virtual machine": (lambda boards: setattr(boards, "virtual", True), Reason.SILENT, "doesn't tell a board's energy"),
    "no board": (lambda boards: setattr(boards, "gpus", 0), Reason.ABSENT, "knows no board"),
    "a frozen accumulator": (lambda boards: setattr(boards, "frozen", True), Reason.FROZEN, "ticked 0 times"),
    "another shape": (lambda boards: setattr(boards, "key", "joules"), Reason.SILENT, "no count and resolution"),
}


@pytest.mark.parametrize(("spoil", "reason", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused_with_its_reason(boards: FakeAmdsmi, spoil: Callable[[FakeAmdsmi], None], reason: Reason, said: str) -> None:
    spoil(boards)
    with pytest.raises(MeterFault, match=said) as caught:
        AmdsmiMeter()
    assert caught.value.reason is reason


def test_a_strangers_process_keeps_the_gate_shut_and_a_boxs_own_may_run(boards: FakeAmdsmi) -> None:
    meter = AmdsmiMeter(timing=TIMING, ours=lambda pid: pid == 7)
    boards.pids = (7,)
    meter.read(None)  # type: ignore[arg-type]
    for pid, whose in ((7, "a box's process 7"), (1, "somebody else's process 1")):
        boards.pids = (pid,)
        with pytest.raises(MeterFault, match=whose) as caught:
            meter.admit()
        assert caught.value.reason is Reason.FOREIGN_PROCESS


def test_a_board_that_isnt_there_is_another_device(boards: FakeAmdsmi) -> None:
    with pytest.raises(MeterFault, match="no board has the UUID x; there are: amd-stub-0") as caught:
        AmdsmiMeter(("x",), TIMING)
    assert caught.value.reason is Reason.OTHER_DEVICE


def test_without_the_package_its_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    with pytest.raises(MeterFault, match="amdsmi isn't installed. Install ROCm's") as caught:
        AmdsmiMeter()
    assert caught.value.reason is Reason.ABSENT


def test_boundary_node_is_amds_boards_and_rapl_where_the_file_says_so(boards: FakeAmdsmi, tmp_path: Path) -> None:
    (tmp_path / "meters.toml").write_text('[[meter]]\nkind = "amdsmi"\n')
    with Powercap(tmp_path / "powercap") as tree:
        meter = meter_for("node", Cabinet(tmp_path / "meters.toml", tree.root))
    assert [channel.name for channel in meter.channels] == ["amdsmi/gpu-0", "rapl/package-0", "rapl/package-0-dram"]
    assert all(channel.billed for channel in meter.channels)
